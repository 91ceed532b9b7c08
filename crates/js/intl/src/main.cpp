// What the host calls.
#include <cstdlib>
#include <cstring>
#include <string>

#include "formats.h"
#include "locales.h"
#include "unicode/locid.h"
#include "unicode/timezone.h"

namespace intl {

namespace {

struct Operation {
    const char* name;
    void (*answer)(const Value&, Writer&);
};

// [requested locales]: the tag of the first that a service knows.
void answer_resolve(const Value& request, Writer& out) {
    out.ascii(resolve(request.at(0).ascii(), request.at(1), {}).tag);
}

const Operation OPERATIONS[] = {
    {"canonical", answer_canonical}, {"supported", answer_supported}, {"resolve", answer_resolve},   {"locale", answer_locale},
    {"values", answer_values},       {"number", answer_number_resolve}, {"number.format", answer_number_format},
    {"date", answer_date_resolve},   {"date.format", answer_date_format}, {"zone", answer_zone},      {"plural", answer_plural},
    {"relative", answer_relative},   {"list", answer_list},             {"names", answer_names},     {"collator", answer_collator},
    {"compare", answer_compare},     {"segments", answer_segments},     {"case", answer_case},
};

// As in the process of an Action.
void set_defaults() {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale::setDefault(icu::Locale("en_US"), status);
    icu::TimeZone::adoptDefault(icu::TimeZone::createTimeZone("UTC"));
}

std::string answered(std::string_view text) {
    static const bool is_ready = (set_defaults(), true);
    (void)is_ready;
    Value request = parse(text);
    std::string name = request.at(0).ascii();
    Value rest;
    if (request.items.size() > 1) rest.items.assign(request.items.begin() + 1, request.items.end());
    Writer out;
    for (const Operation& operation : OPERATIONS) {
        if (name == operation.name) operation.answer(rest, out);
    }
    return out.out.empty() ? "{\"error\":\"request\"}" : out.out;
}

}  // namespace

}  // namespace intl

// The canonical ABI of `answer: func(request: string) -> string`.
extern "C" {

struct Text {
    char* start;
    size_t length;
};

__attribute__((export_name("cabi_realloc"))) void* cabi_realloc(void* old, size_t, size_t, size_t size) {
    return std::realloc(old, size);
}

__attribute__((export_name("answer"))) Text* answer(char* start, size_t length) {
    static Text result;
    std::string text = intl::answered(std::string_view(start, length));
    std::free(start);
    result.length = text.size();
    result.start = static_cast<char*>(std::malloc(text.size()));
    std::memcpy(result.start, text.data(), text.size());
    return &result;
}

__attribute__((export_name("cabi_post_answer"))) void after_answer(Text* result) { std::free(result->start); }
}

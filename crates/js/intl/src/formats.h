// What formats values, as V8 sets ICU up for it.
#pragma once
#include <map>
#include <string>

#include "json.h"
#include "unicode/formattedvalue.h"
#include "unicode/numberformatter.h"

namespace intl {

void answer_number_resolve(const Value& request, Writer& out);
void answer_number_format(const Value& request, Writer& out);
void answer_date_resolve(const Value& request, Writer& out);
void answer_date_format(const Value& request, Writer& out);
void answer_zone(const Value& request, Writer& out);
void answer_plural(const Value& request, Writer& out);
void answer_relative(const Value& request, Writer& out);
void answer_list(const Value& request, Writer& out);
void answer_names(const Value& request, Writer& out);
void answer_collator(const Value& request, Writer& out);
void answer_compare(const Value& request, Writer& out);
void answer_segments(const Value& request, Writer& out);
void answer_case(const Value& request, Writer& out);

// The digits of a number: [minimum integer digits, rounding type, minimum and maximum fraction digits, minimum and maximum
// significant digits, increment, rounding mode, trailing zeros].
icu::number::UnlocalizedNumberFormatter with_digits(const icu::number::UnlocalizedNumberFormatter& settings, const Value& digits);
icu::number::Notation notation(const std::string& name, const std::string& display);
// The ECMA-402 name of a part of a number.
const char* number_part(int32_t field, const icu::UnicodeString& text, int32_t start, int32_t end, bool is_nan);

// The `error` that stands for V8's kIcuError.
inline constexpr std::string_view ICU_ERROR = "{\"error\":\"icu\"}";

// Where the start and the end of a range are.
struct Spans {
    int32_t start[2] = {0, 0};
    int32_t limit[2] = {0, 0};
    void add(int32_t field, int32_t from, int32_t to);
    const char* source(int32_t from, int32_t to) const;
};

// Writes one part: [type, text], with a third element when there is one.
void write_part(Writer& out, const char* type, const icu::UnicodeString& text, int32_t start, int32_t end, const char* more);

// Keeps what was made for a request; a hundred at the most.
template <typename T>
class Cache {
  public:
    template <typename Make>
    T& get(std::string_view key, Make make) {
        auto found = kept_.find(std::string(key));
        if (found != kept_.end()) return found->second;
        if (kept_.size() >= 100) kept_.clear();
        return kept_.emplace(std::string(key), make()).first->second;
    }

  private:
    std::map<std::string, T> kept_;
};

}  // namespace intl

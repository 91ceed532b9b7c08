// Locales as V8's Intl resolves them.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "json.h"
#include "unicode/locid.h"

namespace intl {

struct Resolved {
    std::string tag;
    icu::Locale locale;
    std::map<std::string, std::string> extensions;
};

using Tags = std::set<std::string>;

// The first of the requested tags for which the service has a locale, with those of its extensions that are valid.
Resolved resolve(const std::string& service, const Value& requested, const Tags& keys);
std::string to_tag(const icu::Locale& locale);
// The canonical form of a tag, empty when it is none.
std::string canonical(const std::string& tag);
bool starts_with_language_id(const std::string& tag);

bool is_valid_calendar(const icu::Locale& locale, const std::string& value);
bool is_valid_collation(const icu::Locale& locale, const std::string& value);
bool is_valid_numbering_system(const std::string& value);
std::string numbering_system(const icu::Locale& locale);

// Answers what concerns locales alone.
void answer_canonical(const Value& request, Writer& out);
void answer_supported(const Value& request, Writer& out);
void answer_locale(const Value& request, Writer& out);
void answer_values(const Value& request, Writer& out);

}  // namespace intl

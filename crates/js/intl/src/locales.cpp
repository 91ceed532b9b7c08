// After V8's src/objects/intl-objects.cc and js-locale.cc: what V8 does with ICU's locales.
#include "locales.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>

#include "unicode/calendar.h"
#include "unicode/coll.h"
#include "unicode/dtptngen.h"
#include "unicode/localebuilder.h"
#include "unicode/numsys.h"
#include "unicode/plurrule.h"
#include "unicode/timezone.h"
#include "unicode/ucurr.h"
#include "unicode/uenum.h"
#include "unicode/uloc.h"
#include "unicode/ures.h"
#include "unicode/ustring.h"

namespace intl {

namespace {

bool has_resource(const icu::Locale& locale, const char* key) {
    UErrorCode status = U_ZERO_ERROR;
    UResourceBundle* bundle = ures_open(nullptr, locale.getName(), &status);
    bool found = false;
    if (bundle && status == U_ZERO_ERROR) {
        UResourceBundle* part = ures_getByKey(bundle, key, nullptr, &status);
        found = part && status == U_ZERO_ERROR;
        ures_close(part);
    }
    ures_close(bundle);
    if (found) return true;
    bool has_region = locale.getCountry()[0] != '\0';
    bool has_script = locale.getScript()[0] != '\0';
    if (has_region && has_script) {
        std::string without = std::string(locale.getLanguage()) + "-" + locale.getScript();
        return has_resource(icu::Locale(without.c_str()), key);
    }
    if (has_region || has_script) return has_resource(icu::Locale(locale.getLanguage()), key);
    return false;
}

// The tag without its script; empty when it has none.
std::string without_script(const std::string& tag) {
    icu::Locale whole = icu::Locale::createCanonical(tag.c_str());
    if (whole.getScript()[0] == '\0') return {};
    std::string shortened = icu::Locale(whole.getLanguage(), whole.getCountry()).getName();
    std::replace(shortened.begin(), shortened.end(), '_', '-');
    return shortened;
}

// The tags of a service, each with the tags that it shortens. What has no data for the service is among them: looking at
// all of them would take long.
struct Known {
    Tags tags;
    std::multimap<std::string, std::string> shortened;
    const char* key = nullptr;

    void add(std::string tag) {
        std::replace(tag.begin(), tag.end(), '_', '-');
        if (tag == "en-US-POSIX") tag = "en-US-u-va-posix";
        std::string shorter = tag.find('-') == std::string::npos ? std::string() : without_script(tag);
        if (!shorter.empty()) shortened.emplace(shorter, tag);
        tags.insert(std::move(tag));
    }

    bool has_data(const std::string& tag) const {
        if (!key || has_resource(icu::Locale(tag.c_str()), key)) return true;
        return tag == "nb" && has_resource(icu::Locale("no"), key);
    }

    bool has(const std::string& tag) const {
        if (tags.count(tag) && has_data(tag)) return true;
        auto [from, to] = shortened.equal_range(tag);
        return std::any_of(from, to, [&](const auto& entry) { return has_data(entry.second); });
    }
};

Known all_locales(const char* key) {
    Known known;
    known.key = key;
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration* all = uloc_openAvailableByType(ULOC_AVAILABLE_WITH_LEGACY_ALIASES, &status);
    const char* name;
    while ((name = uenum_next(all, nullptr, &status))) known.add(name);
    uenum_close(all);
    return known;
}

Known collators() {
    Known known;
    int32_t count = 0;
    const icu::Locale* locales = icu::Collator::getAvailableLocales(count);
    for (int32_t i = 0; i < count; i++) known.add(to_tag(locales[i]));
    return known;
}

Known plurals() {
    Known known;
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::StringEnumeration> locales(icu::PluralRules::getAvailableLocales(status));
    const char* name;
    while (locales && (name = locales->next(nullptr, status)) && U_SUCCESS(status)) known.add(name);
    return known;
}

// The locales of a service: `number`, `date`, `list`, `names`, `collator`, `plural`, or any.
const Known& locales_of(const std::string& service) {
    static std::map<std::string, Known> all;
    auto found = all.find(service);
    if (found != all.end()) return found->second;
    const char* key = service == "number" ? "NumberElements"
                      : service == "date" || service == "names" ? "calendar"
                      : service == "list" ? "listPattern"
                                          : nullptr;
    return all[service] = service == "collator" ? collators() : service == "plural" ? plurals() : all_locales(key);
}

bool is(std::string_view text, size_t least, size_t most, bool (*test)(char)) {
    return text.size() >= least && text.size() <= most && std::all_of(text.begin(), text.end(), test);
}
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanum(char c) { return is_alpha(c) || is_digit(c); }

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        size_t end = text.find('-');
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos || end + 1 == text.size()) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string best_available(const Known& known, std::string candidate) {
    while (!known.has(candidate)) {
        size_t end = candidate.rfind('-');
        if (end == std::string::npos) return {};
        if (end >= 2 && candidate[end - 2] == '-') end -= 2;
        candidate.resize(end);
    }
    return candidate;
}

// A tag without its Unicode extension, and that.
std::pair<std::string, std::string> parted(const std::string& tag) {
    size_t start = tag.find("-u-");
    if ((tag.size() > 1 && tag[1] == '-') || start == std::string::npos || tag.find("-x-") < start) return {tag, {}};
    size_t end = tag.size();
    for (size_t i = start + 1; i + 2 < tag.size(); i++) {
        if (tag[i] != '-') continue;
        if (tag[i + 2] == '-') {
            end = i;
            break;
        }
        i += 2;
    }
    return {tag.substr(0, start) + tag.substr(end), tag.substr(start, end - start)};
}

template <typename Service>
bool has_keyword_value(const icu::Locale& locale, const char* key, const std::string& value) {
    const char* legacy = uloc_toLegacyType(key, value.c_str());
    if (!legacy) return false;
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::StringEnumeration> values(
        Service::getKeywordValuesForLocale(key, icu::Locale(locale.getBaseName()), false, status));
    if (U_FAILURE(status)) return false;
    const char* item;
    while ((item = values->next(nullptr, status)) && U_SUCCESS(status)) {
        if (!strcmp(legacy, item)) return true;
    }
    return false;
}

bool is_valid(const icu::Locale& locale, const std::string& key, const std::string& value) {
    if (key == "ca") return is_valid_calendar(locale, value);
    if (key == "co") return is_valid_collation(locale, value);
    if (key == "nu") return is_valid_numbering_system(value);
    if (key == "hc") return value == "h11" || value == "h12" || value == "h23" || value == "h24";
    if (key == "kn") return value == "true" || value == "false";
    if (key == "kf") return value == "upper" || value == "lower" || value == "false";
    return false;
}

using Change = std::function<std::string(const char*)>;
using Test = std::function<bool(const char*)>;

std::vector<std::string> strings(icu::StringEnumeration* values, Change change, Test removes, bool is_sorted) {
    std::vector<std::string> list;
    UErrorCode status = U_ZERO_ERROR;
    const char* item;
    while (values && (item = values->next(nullptr, status)) && U_SUCCESS(status)) {
        std::string changed = change ? change(item) : std::string(item);
        if (!removes || !removes(changed.c_str())) list.push_back(changed);
    }
    if (is_sorted) std::sort(list.begin(), list.end());
    return list;
}

void write(const std::vector<std::string>& list, Writer& out) {
    out.raw("[");
    for (size_t i = 0; i < list.size(); i++) {
        if (i) out.raw(",");
        out.ascii(list[i]);
    }
    out.raw("]");
}

bool is_no_collation(const char* value) { return !strcmp(value, "standard") || !strcmp(value, "search"); }

Change unicode_type(const char* key) {
    return [key](const char* value) {
        const char* type = uloc_toUnicodeLocaleType(key, value);
        return std::string(type ? type : value);
    };
}

std::string keyword(const icu::Locale& locale, const char* key) {
    UErrorCode status = U_ZERO_ERROR;
    return locale.getUnicodeKeywordValue<std::string>(key, status);
}

const char* hour_cycle_of(const icu::Locale& locale) {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::DateTimePatternGenerator> generator(icu::DateTimePatternGenerator::createInstance(locale, status));
    if (U_FAILURE(status)) return "h23";
    switch (generator->getDefaultHourCycle(status)) {
        case UDAT_HOUR_CYCLE_11: return "h11";
        case UDAT_HOUR_CYCLE_12: return "h12";
        case UDAT_HOUR_CYCLE_24: return "h24";
        default: return "h23";
    }
}

// Builds a locale of a tag and options; false when they fit no locale.
bool build(const Value& request, icu::Locale& built) {
    std::string tag = request.at(0).ascii();
    icu::LocaleBuilder builder;
    builder.setLanguageTag(tag);
    if (!starts_with_language_id(tag)) return false;
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale canonicalized = builder.build(status);
    canonicalized.canonicalize(status);
    if (U_FAILURE(status)) return false;
    builder.setLocale(canonicalized);
    const Value& language = request.at(1);
    if (!language.is_null()) {
        std::string text = language.ascii();
        builder.setLanguage(text);
        builder.build(status);
        if (U_FAILURE(status) || text.empty() || is(text, 4, 4, is_alpha)) return false;
    }
    const Value& script = request.at(2);
    if (!script.is_null()) {
        builder.setScript(script.ascii());
        builder.build(status);
        if (U_FAILURE(status) || script.text.isEmpty()) return false;
    }
    const Value& region = request.at(3);
    if (!region.is_null()) {
        builder.setRegion(region.ascii());
        builder.build(status);
        if (U_FAILURE(status) || region.text.isEmpty()) return false;
    }
    const Value& keywords = request.at(4);
    for (size_t i = 0; i + 1 < keywords.items.size(); i += 2) {
        std::string key = keywords.at(i).ascii();
        std::string value = keywords.at(i + 1).ascii();
        const char* legacy = uloc_toLegacyKey(key.c_str());
        if (!legacy || !uloc_toLegacyType(legacy, value.c_str())) return false;
        builder.setUnicodeLocaleKeyword(key, value);
    }
    built = builder.build(status);
    built.canonicalize(status);
    return U_SUCCESS(status);
}

// The locale with the most or the fewest subtags; its extensions stay.
bool likely(const icu::Locale& source, bool is_most, icu::Locale& result) {
    UErrorCode status = U_ZERO_ERROR;
    result = icu::Locale::createFromName(source.getBaseName());
    if (is_most) result.addLikelySubtags(status);
    else result.minimizeSubtags(status);
    if (!strcmp(source.getBaseName(), result.getBaseName())) {
        result = source;
    } else if (strlen(source.getBaseName()) != strlen(source.getName())) {
        result = icu::LocaleBuilder()
                     .setLocale(source)
                     .setLanguage(result.getLanguage())
                     .setRegion(result.getCountry())
                     .setScript(result.getScript())
                     .setVariant(result.getVariant())
                     .build(status);
    }
    return U_SUCCESS(status) && !result.isBogus();
}

void describe(const icu::Locale& locale, Writer& out) {
    auto field = [&](const char* name, const std::string& value) {
        if (value.empty()) return;
        out.raw(",");
        out.ascii(name);
        out.raw(":");
        out.ascii(value);
    };
    out.raw("{\"tag\":");
    out.ascii(to_tag(locale));
    std::string language = locale.getLanguage();
    field("language", language.empty() ? "und" : language);
    field("script", locale.getScript());
    field("region", locale.getCountry());
    field("baseName", to_tag(icu::Locale::createFromName(locale.getBaseName())));
    for (const char* key : {"ca", "kf", "co", "hc", "kn", "nu"}) {
        std::string value = keyword(locale, key);
        field(key, value == "yes" ? "true" : value);
    }
    out.raw("}");
}

void write_values(const icu::Locale& locale, const std::string& what, Writer& out) {
    UErrorCode status = U_ZERO_ERROR;
    auto fixed = [&](const char* key) {
        std::string value = keyword(locale, key);
        if (!value.empty()) write({value}, out);
        return !value.empty();
    };
    if (what == "calendars") {
        if (fixed("ca")) return;
        std::unique_ptr<icu::StringEnumeration> values(icu::Calendar::getKeywordValuesForLocale("calendar", locale, true, status));
        write(strings(values.get(), unicode_type("ca"), nullptr, false), out);
    } else if (what == "collations") {
        if (fixed("co")) return;
        std::unique_ptr<icu::StringEnumeration> values(icu::Collator::getKeywordValuesForLocale("collations", locale, true, status));
        write(strings(values.get(), unicode_type("co"), is_no_collation, true), out);
    } else if (what == "hourCycles") {
        if (!fixed("hc")) write({hour_cycle_of(locale)}, out);
    } else if (what == "numberingSystems") {
        if (!fixed("nu")) write({numbering_system(locale)}, out);
    } else if (what == "timeZones") {
        if (!*locale.getCountry()) return out.raw("null");
        std::unique_ptr<icu::StringEnumeration> values(
            icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL, locale.getCountry(), nullptr, status));
        write(strings(values.get(), nullptr, nullptr, true), out);
    } else if (what == "textInfo") {
        out.ascii(locale.isRightToLeft() ? "rtl" : "ltr");
    } else if (what == "weekInfo") {
        std::unique_ptr<icu::Calendar> calendar(icu::Calendar::createInstance(locale, status));
        if (U_FAILURE(status)) return out.raw("null");
        int first = calendar->getFirstDayOfWeek() == UCAL_SUNDAY ? 7 : calendar->getFirstDayOfWeek() - 1;
        out.raw("[");
        out.number(first);
        out.raw(",");
        out.number(calendar->getMinimalDaysInFirstWeek());
        for (int day = 1; day <= 7; day++) {
            auto weekday = day == 7 ? UCAL_SUNDAY : static_cast<UCalendarDaysOfWeek>(day + 1);
            if (calendar->getDayOfWeekType(weekday, status) != UCAL_WEEKDAY) {
                out.raw(",");
                out.number(day);
            }
        }
        out.raw("]");
    } else {
        out.raw("null");
    }
}

void add_currency(const char* code, std::vector<std::string>& list) {
    icu::UnicodeString text(code, -1, US_INV);
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = 0;
    const char16_t* name = ucurr_getName(text.getTerminatedBuffer(), "en", UCURR_LONG_NAME, nullptr, &length, &status);
    if (U_SUCCESS(status) && u_strcmp(name, text.getTerminatedBuffer())) list.push_back(code);
}

std::vector<std::string> currencies() {
    std::vector<std::string> list;
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration* codes = ucurr_openISOCurrencies(UCURR_COMMON | UCURR_NON_DEPRECATED, &status);
    const char* code;
    while (U_SUCCESS(status) && (code = uenum_next(codes, nullptr, &status))) {
        if (strcmp(code, "VEF")) add_currency(code, list);
    }
    uenum_close(codes);
    for (const char* more : {"SVC", "XDR", "XSU", "ZWL"}) add_currency(more, list);
    std::sort(list.begin(), list.end());
    return list;
}

}  // namespace

std::string to_tag(const icu::Locale& locale) {
    UErrorCode status = U_ZERO_ERROR;
    std::string tag = locale.toLanguageTag<std::string>(status);
    return U_FAILURE(status) ? "und" : tag;
}

bool starts_with_language_id(const std::string& tag) {
    std::vector<std::string_view> parts = split(tag);
    if (!is(parts[0], 2, 3, is_alpha) && !is(parts[0], 5, 8, is_alpha)) return false;
    size_t at = 1;
    auto ends = [&] { return at == parts.size() || is(parts[at], 1, 1, is_alphanum); };
    if (ends()) return true;
    if (is(parts[at], 4, 4, is_alpha)) at++;
    if (ends()) return true;
    if (is(parts[at], 2, 2, is_alpha) || is(parts[at], 3, 3, is_digit)) at++;
    while (!ends()) {
        std::string_view part = parts[at];
        if (!is(part, 5, 8, is_alphanum) && !(part.size() == 4 && is_digit(part[0]) && is(part, 4, 4, is_alphanum))) return false;
        at++;
    }
    return true;
}

std::string canonical(const std::string& given) {
    if (!starts_with_language_id(given)) return {};
    std::string tag = given;
    for (char& c : tag) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = icu::Locale::forLanguageTag(tag, status);
    if (U_FAILURE(status) || locale.isBogus()) return {};
    locale = icu::LocaleBuilder().setLocale(locale).build(status);
    locale.canonicalize(status);
    if (U_FAILURE(status) || locale.isBogus()) return {};
    std::string result = locale.toLanguageTag<std::string>(status);
    return U_FAILURE(status) ? std::string() : result;
}

Resolved resolve(const std::string& service, const Value& requested, const Tags& keys) {
    Resolved resolved;
    std::string tag = "en-US";
    for (const Value& wanted : requested.items) {
        auto [plain, extension] = parted(wanted.ascii());
        std::string best = best_available(locales_of(service), plain);
        if (!best.empty()) {
            tag = best + extension;
            break;
        }
    }
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = icu::Locale::forLanguageTag(tag, status);
    icu::LocaleBuilder builder;
    builder.setLocale(locale).clearExtensions();
    std::unique_ptr<icu::StringEnumeration> keywords(locale.createKeywords(status));
    const char* name;
    while (keywords && (name = keywords->next(nullptr, status))) {
        if (U_FAILURE(status)) break;
        char value[ULOC_FULLNAME_CAPACITY + 1];
        int32_t length = locale.getKeywordValue(name, value, ULOC_FULLNAME_CAPACITY, status);
        if (U_FAILURE(status)) {
            status = U_ZERO_ERROR;
            continue;
        }
        value[length] = '\0';
        const char* key = uloc_toUnicodeLocaleKey(name);
        if (!key || !keys.count(key)) continue;
        const char* type = uloc_toUnicodeLocaleType(key, value);
        if (type && is_valid(locale, key, type)) {
            resolved.extensions[key] = type;
            builder.setUnicodeLocaleKeyword(key, type);
        }
    }
    status = U_ZERO_ERROR;
    resolved.locale = builder.build(status);
    resolved.tag = to_tag(resolved.locale);
    return resolved;
}

bool is_valid_calendar(const icu::Locale& locale, const std::string& value) {
    return has_keyword_value<icu::Calendar>(locale, "calendar", value);
}

bool is_valid_collation(const icu::Locale& locale, const std::string& value) {
    return value != "standard" && value != "search" && has_keyword_value<icu::Collator>(locale, "collation", value);
}

bool is_valid_numbering_system(const std::string& value) {
    if (value == "native" || value == "traditio" || value == "finance") return false;
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::NumberingSystem> system(icu::NumberingSystem::createInstanceByName(value.c_str(), status));
    return U_SUCCESS(status) && system && !system->isAlgorithmic();
}

std::string numbering_system(const icu::Locale& locale) {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::NumberingSystem> system(icu::NumberingSystem::createInstance(locale, status));
    return U_SUCCESS(status) && !system->isAlgorithmic() ? system->getName() : "latn";
}

// [tag]: its canonical form; null when it looks like none, false when it only looks like one.
void answer_canonical(const Value& request, Writer& out) {
    std::string tag = canonical(request.at(0).ascii());
    if (!tag.empty()) out.ascii(tag);
    else out.raw(starts_with_language_id(request.at(0).ascii()) ? "false" : "null");
}

// [service, tags]: those of the tags for which there is a locale.
void answer_supported(const Value& request, Writer& out) {
    std::vector<std::string> list;
    const Known& known = locales_of(request.at(0).ascii());
    for (const Value& wanted : request.at(1).items) {
        std::string tag = wanted.ascii();
        if (!best_available(known, parted(tag).first).empty()) list.push_back(tag);
    }
    write(list, out);
}

// [what, tag, language, script, region, [key, value, …]].
void answer_locale(const Value& request, Writer& out) {
    std::string what = request.at(0).ascii();
    Value rest;
    rest.items.assign(request.items.begin() + (request.items.empty() ? 0 : 1), request.items.end());
    icu::Locale locale;
    if (!build(rest, locale)) return out.raw("null");
    if (what == "maximize" || what == "minimize") {
        icu::Locale changed;
        if (!likely(locale, what == "maximize", changed)) return out.raw("null");
        describe(changed, out);
    } else if (what.empty()) {
        describe(locale, out);
    } else {
        write_values(locale, what, out);
    }
}

// [key]: the values that Intl.supportedValuesOf lists.
void answer_values(const Value& request, Writer& out) {
    std::string key = request.at(0).ascii();
    UErrorCode status = U_ZERO_ERROR;
    if (key == "calendar") {
        std::unique_ptr<icu::StringEnumeration> values(
            icu::Calendar::getKeywordValuesForLocale("calendar", icu::Locale("und"), false, status));
        write(strings(values.get(), unicode_type("ca"), nullptr, true), out);
    } else if (key == "collation") {
        std::unique_ptr<icu::StringEnumeration> values(icu::Collator::getKeywordValues("collation", status));
        write(strings(values.get(), unicode_type("co"), is_no_collation, true), out);
    } else if (key == "currency") {
        write(currencies(), out);
    } else if (key == "numberingSystem") {
        std::unique_ptr<icu::StringEnumeration> values(icu::NumberingSystem::getAvailableNames(status));
        auto removes = [](const char* value) {
            UErrorCode failed = U_ZERO_ERROR;
            std::unique_ptr<icu::NumberingSystem> system(icu::NumberingSystem::createInstanceByName(value, failed));
            return U_FAILURE(failed) || system->isAlgorithmic();
        };
        write(strings(values.get(), unicode_type("nu"), removes, true), out);
    } else if (key == "timeZone") {
        std::unique_ptr<icu::StringEnumeration> values(
            icu::TimeZone::createTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL_LOCATION, nullptr, nullptr, status));
        write(strings(values.get(), nullptr, nullptr, true), out);
    } else {
        out.raw("null");
    }
}

}  // namespace intl

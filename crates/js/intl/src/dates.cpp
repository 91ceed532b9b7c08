// After V8's src/objects/js-date-time-format.cc.
#include <cstring>
#include <memory>

#include "formats.h"
#include "locales.h"
#include "unicode/calendar.h"
#include "unicode/dtitvfmt.h"
#include "unicode/dtptngen.h"
#include "unicode/gregocal.h"
#include "unicode/smpdtfmt.h"
#include "unicode/timezone.h"

namespace intl {

namespace {

using icu::UnicodeString;

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string titled(const std::string& id) {
    std::string result;
    int length = 0;
    for (char c : id) {
        if (is_letter(c)) {
            result += length++ ? lower(c) : upper(c);
        } else if (c == '_' || c == '-' || c == '/') {
            if (length == 2) {
                size_t at = result.size() - 2;
                std::string word = result.substr(at);
                if (word == "Of" || word == "Es" || word == "Au") result[at] = lower(result[at]);
            }
            result += c;
            length = 0;
        } else {
            return {};
        }
    }
    return result;
}

std::string etc_gmt(const std::string& id) {
    if (id.size() == 8 && id[7] == '0') return "Etc/GMT0";
    bool is_signed = id.size() > 8 && (id[7] == '+' || id[7] == '-');
    if (id.size() == 9 && is_signed && id[8] >= '0' && id[8] <= '9') return std::string("Etc/GMT") + id[7] + id[8];
    if (id.size() == 10 && is_signed && id[8] == '1' && id[9] >= '0' && id[9] <= '4') return std::string("Etc/GMT") + id.substr(7);
    return {};
}

// The name as ICU writes it; empty when there is none. ICU distinguishes cases, ECMAScript does not.
std::string zone_id(const std::string& id) {
    std::string big = id;
    for (char& c : big) c = upper(c);
    if (big.size() == 3) return big == "GMT" ? "UTC" : big;
    if (big.size() == 7 && big[3] >= '0' && big[3] <= '9') return big;
    if (big.size() > 3) {
        if (!big.compare(0, 3, "ETC")) {
            if (big == "ETC/UTC" || big == "ETC/GMT" || big == "ETC/UCT") return "UTC";
            if (!big.compare(0, 7, "ETC/GMT")) return etc_gmt(id);
        } else if (!big.compare(0, 3, "GMT")) {
            if (big == "GMT0" || big == "GMT+0" || big == "GMT-0") return "UTC";
        } else if (!big.compare(0, 3, "US/")) {
            std::string title = titled(id);
            if (title.size() >= 2) title[1] = 'S';
            return title;
        } else if (!big.compare(0, 8, "SYSTEMV/")) {
            return "SystemV/" + big.substr(8);
        }
    }
    for (const char* special : {"America/Argentina/ComodRivadavia", "America/Knox_IN", "Antarctica/DumontDUrville", "Antarctica/McMurdo",
                                "Australia/ACT", "Australia/LHI", "Australia/NSW", "Brazil/DeNoronha", "Chile/EasterIsland", "GB", "GB-Eire",
                                "Mexico/BajaNorte", "Mexico/BajaSur", "NZ", "NZ-CHAT", "W-SU"}) {
        if (big.size() == strlen(special) && std::equal(big.begin(), big.end(), special, [](char a, char b) { return a == upper(b); })) {
            return special;
        }
    }
    return titled(id);
}

// `+02:00` and the like as ICU's `GMT+0200`; empty for anything else.
std::string offset_id(const UnicodeString& text) {
    int32_t length = text.length();
    if (length < 3) return {};
    std::string id("GMT");
    if (text[0] == u'-' || text[0] == 0x2212) id += '-';
    else if (text[0] == u'+') id += '+';
    else return {};
    char16_t h0 = text[1], h1 = text[2];
    auto digit = [](char16_t c) { return c >= u'0' && c <= u'9'; };
    if (!((h0 == u'0' || h0 == u'1') && digit(h1)) && !(h0 == u'2' && h1 >= u'0' && h1 <= u'3')) return {};
    id += static_cast<char>(h0);
    id += static_cast<char>(h1);
    if (length == 3) return id;
    int32_t at = text[3] == u':' ? 4 : 3;
    if (length - at != 2 || text[at] < u'0' || text[at] > u'5' || !digit(text[at + 1])) return {};
    id += static_cast<char>(text[at]);
    id += static_cast<char>(text[at + 1]);
    return id;
}

// Null for an unknown one.
std::unique_ptr<icu::TimeZone> zone(const Value& given) {
    std::unique_ptr<icu::TimeZone> made;
    if (given.is_null()) {
        made.reset(icu::TimeZone::createTimeZone("UTC"));
        return made;
    }
    std::string offset = offset_id(given.text);
    if (!offset.empty()) {
        made.reset(icu::TimeZone::createTimeZone(offset.c_str()));
        return made;
    }
    std::string id = zone_id(given.ascii());
    if (id.empty()) return made;
    made.reset(icu::TimeZone::createTimeZone(id.c_str()));
    UnicodeString name, known;
    made->getID(name);
    UErrorCode status = U_ZERO_ERROR;
    icu::TimeZone::getCanonicalID(name, known, status);
    if (U_FAILURE(status) || known == u"Etc/Unknown") made.reset();
    return made;
}

std::string zone_name(const icu::TimeZone& zone) {
    UnicodeString id, known;
    zone.getID(id);
    UErrorCode status = U_ZERO_ERROR;
    if (id == u"GMT") known = u"+00:00";
    else icu::TimeZone::getCanonicalID(id, known, status);
    if (U_FAILURE(status)) return {};
    if (known == u"Etc/UTC" || known == u"Etc/GMT") return "UTC";
    std::string name;
    if (known.startsWith(u"GMT", 3)) known.tempSubString(3).toUTF8String(name);
    else known.toUTF8String(name);
    return name;
}

char hour_letter(const std::string& cycle) {
    return cycle == "h11" ? 'K' : cycle == "h12" ? 'h' : cycle == "h24" ? 'k' : 'H';
}

bool is_hour(char16_t c) { return c == u'H' || c == u'h' || c == u'K' || c == u'k'; }

UnicodeString with_cycle(const UnicodeString& pattern, const std::string& cycle) {
    if (cycle.empty()) return pattern;
    UnicodeString result;
    bool is_quoted = false;
    char16_t last = 0;
    for (int32_t i = 0; i < pattern.length(); i++) {
        char16_t c = pattern[i];
        if (c == u'\'') is_quoted = !is_quoted;
        if (is_hour(c)) {
            if (!is_quoted && last == u'd') result.append(u' ');
            result.append(is_quoted ? c : static_cast<char16_t>(hour_letter(cycle)));
        } else {
            result.append(c);
        }
        last = c;
    }
    return result;
}

std::string cycle_of(const UnicodeString& pattern) {
    bool is_quoted = false;
    for (int32_t i = 0; i < pattern.length(); i++) {
        char16_t c = pattern[i];
        if (c == u'\'') is_quoted = !is_quoted;
        if (is_quoted || !is_hour(c)) continue;
        return c == u'K' ? "h11" : c == u'h' ? "h12" : c == u'H' ? "h23" : "h24";
    }
    return {};
}

UnicodeString skeleton_with_cycle(const UnicodeString& skeleton, const std::string& cycle) {
    UnicodeString result;
    for (int32_t i = 0; i < skeleton.length(); i++) {
        char16_t c = skeleton[i];
        if (c == u'a' || c == u'b' || c == u'B') continue;
        result.append(is_hour(c) ? static_cast<char16_t>(hour_letter(cycle)) : c);
    }
    return result;
}

icu::DateFormat::EStyle style(const std::string& name) {
    if (name == "full") return icu::DateFormat::kFull;
    if (name == "long") return icu::DateFormat::kLong;
    if (name == "medium") return icu::DateFormat::kMedium;
    return icu::DateFormat::kShort;
}

icu::Calendar* calendar(const icu::Locale& locale, icu::TimeZone* zone) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Calendar* calendar = icu::Calendar::createInstance(zone, locale, status);
    if (U_FAILURE(status)) return nullptr;
    if (calendar->getDynamicClassID() == icu::GregorianCalendar::getStaticClassID() || !strcmp(calendar->getType(), "iso8601")) {
        // Date knows no Julian calendar.
        static_cast<icu::GregorianCalendar*>(calendar)->setGregorianChange(-9007199254740992, status);
    }
    return calendar;
}

struct Format {
    std::unique_ptr<icu::SimpleDateFormat> dates;
    std::unique_ptr<icu::DateIntervalFormat> ranges;
    icu::Locale locale;
    std::string tag, cycle;
};

std::unique_ptr<icu::SimpleDateFormat> of_skeleton(const icu::Locale& locale, const UnicodeString& skeleton,
                                                   icu::DateTimePatternGenerator& generator, const std::string& cycle) {
    UErrorCode status = U_ZERO_ERROR;
    UnicodeString pattern = generator.getBestPattern(skeleton, UDATPG_MATCH_HOUR_FIELD_LENGTH, status);
    auto made = std::make_unique<icu::SimpleDateFormat>(with_cycle(pattern, cycle), locale, status);
    if (U_FAILURE(status)) made.reset();
    return made;
}

std::unique_ptr<icu::SimpleDateFormat> of_style(const std::string& date, const std::string& time, icu::Locale& locale,
                                                icu::DateTimePatternGenerator& generator, const std::string& cycle) {
    std::unique_ptr<icu::SimpleDateFormat> made;
    auto take = [&](icu::DateFormat* format) { made.reset(static_cast<icu::SimpleDateFormat*>(format)); };
    if (date.empty()) take(icu::DateFormat::createTimeInstance(style(time), locale));
    else if (time.empty()) take(icu::DateFormat::createDateInstance(style(date), locale));
    else take(icu::DateFormat::createDateTimeInstance(style(date), style(time), locale));
    if (!made) {
        for (const char* key : {"nu", "hc", "ca"}) {
            UErrorCode status = U_ZERO_ERROR;
            if (locale.getUnicodeKeywordValue<std::string>(key, status).empty()) continue;
            status = U_ZERO_ERROR;
            locale.setUnicodeKeywordValue(key, nullptr, status);
            return of_style(date, time, locale, generator, cycle);
        }
        return made;
    }
    if (time.empty()) return made;
    UnicodeString pattern;
    made->toPattern(pattern);
    if (cycle == cycle_of(pattern)) return made;
    UErrorCode status = U_ZERO_ERROR;
    UnicodeString skeleton = icu::DateTimePatternGenerator::staticGetSkeleton(pattern, status);
    return of_skeleton(locale, skeleton_with_cycle(skeleton, cycle), generator, cycle);
}

void set(icu::Locale& locale, const char* key, const char* value) {
    UErrorCode status = U_ZERO_ERROR;
    locale.setUnicodeKeywordValue(key, value ? icu::StringPiece(value) : icu::StringPiece(), status);
}

// [requested locales, calendar, numbering system, hour12, hourCycle, time zone, skeleton, whether it has an hour,
// defaults, dateStyle, timeStyle]. The skeleton has `j` for the letter of hours; the defaults are skeletons, too.
Format make(const Value& request) {
    Format format;
    Resolved resolved = resolve("date", request.at(0), {"nu", "ca", "hc"});
    icu::Locale locale = resolved.locale;
    std::string wanted_calendar = request.at(1).ascii(), system = request.at(2).ascii();
    auto extension = [&](const char* key) {
        auto found = resolved.extensions.find(key);
        return found == resolved.extensions.end() ? std::string() : found->second;
    };
    bool has_calendar = !request.at(1).is_null() && is_valid_calendar(locale, wanted_calendar);
    bool has_system = !request.at(2).is_null() && is_valid_numbering_system(system);
    if (has_calendar && !extension("ca").empty() && extension("ca") != wanted_calendar) set(locale, "ca", nullptr);
    if (has_system && !extension("nu").empty() && extension("nu") != system) set(locale, "nu", nullptr);
    icu::Locale shown = locale;
    if (has_calendar) set(locale, "ca", wanted_calendar.c_str());
    if (has_system) set(locale, "nu", system.c_str());

    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::DateTimePatternGenerator> generator(icu::DateTimePatternGenerator::createInstance(locale, status));
    if (U_FAILURE(status)) {
        status = U_ZERO_ERROR;
        generator.reset(icu::DateTimePatternGenerator::createInstance("root", status));
    }
    std::string usual;
    switch (generator->getDefaultHourCycle(status)) {
        case UDAT_HOUR_CYCLE_11: usual = "h11"; break;
        case UDAT_HOUR_CYCLE_12: usual = "h12"; break;
        case UDAT_HOUR_CYCLE_24: usual = "h24"; break;
        default: usual = "h23";
    }
    const Value& hour12 = request.at(3);
    std::string wanted_cycle = hour12.is_null() ? request.at(4).ascii() : std::string();
    std::string cycle = wanted_cycle.empty() ? extension("hc") : wanted_cycle;
    if (!hour12.is_null()) {
        if (hour12.truth) cycle = usual == "h11" || usual == "h12" ? usual : !strcmp(locale.getCountry(), "JP") ? "h11" : "h12";
        else cycle = usual == "h23" || usual == "h24" ? usual : "h23";
    } else if (cycle.empty()) {
        cycle = usual;
    }

    std::unique_ptr<icu::TimeZone> zone = intl::zone(request.at(5));
    if (!zone) return format;
    std::unique_ptr<icu::Calendar> calendar(intl::calendar(locale, zone.release()));
    if (!calendar) return format;

    std::string date = request.at(9).ascii(), time = request.at(10).ascii();
    if (!date.empty() || !time.empty()) {
        if (!time.empty()) format.cycle = cycle;
        format.dates = of_style(date, time, locale, *generator, format.cycle);
    } else {
        UnicodeString skeleton;
        for (int part : {6, 8}) {
            const UnicodeString& letters = request.at(static_cast<size_t>(part)).text;
            for (int32_t i = 0; i < letters.length(); i++) {
                skeleton.append(letters[i] == u'j' ? static_cast<char16_t>(hour_letter(cycle)) : letters[i]);
            }
        }
        if (request.at(7).truth) format.cycle = cycle;
        format.dates = of_skeleton(locale, skeleton, *generator, format.cycle);
        if (!format.dates) {
            locale = icu::Locale(locale.getBaseName());
            format.dates = of_skeleton(locale, skeleton, *generator, format.cycle);
        }
    }
    if (!format.dates) return format;
    format.dates->adoptCalendar(calendar.release());
    bool has_own_cycle = !hour12.is_null() || !wanted_cycle.empty();
    if (has_own_cycle && !extension("hc").empty() && extension("hc") != format.cycle) set(shown, "hc", nullptr);
    format.tag = to_tag(shown);
    format.locale = locale;
    return format;
}

Cache<Format> formats;

Format& format_of(const Value& request) {
    return formats.get(request.raw, [&] { return make(request); });
}

const char* part(int32_t field) {
    switch (field) {
        case UDAT_YEAR_FIELD:
        case UDAT_EXTENDED_YEAR_FIELD: return "year";
        case UDAT_YEAR_NAME_FIELD: return "yearName";
        case UDAT_MONTH_FIELD:
        case UDAT_STANDALONE_MONTH_FIELD: return "month";
        case UDAT_DATE_FIELD: return "day";
        case UDAT_HOUR_OF_DAY1_FIELD:
        case UDAT_HOUR_OF_DAY0_FIELD:
        case UDAT_HOUR1_FIELD:
        case UDAT_HOUR0_FIELD: return "hour";
        case UDAT_MINUTE_FIELD: return "minute";
        case UDAT_SECOND_FIELD: return "second";
        case UDAT_DAY_OF_WEEK_FIELD:
        case UDAT_DOW_LOCAL_FIELD:
        case UDAT_STANDALONE_DAY_FIELD: return "weekday";
        case UDAT_AM_PM_FIELD:
        case UDAT_AM_PM_MIDNIGHT_NOON_FIELD:
        case UDAT_FLEXIBLE_DAY_PERIOD_FIELD: return "dayPeriod";
        case UDAT_TIMEZONE_FIELD:
        case UDAT_TIMEZONE_RFC_FIELD:
        case UDAT_TIMEZONE_GENERIC_FIELD:
        case UDAT_TIMEZONE_SPECIAL_FIELD:
        case UDAT_TIMEZONE_LOCALIZED_GMT_OFFSET_FIELD:
        case UDAT_TIMEZONE_ISO_FIELD:
        case UDAT_TIMEZONE_ISO_LOCAL_FIELD: return "timeZoneName";
        case UDAT_ERA_FIELD: return "era";
        case UDAT_FRACTIONAL_SECOND_FIELD: return "fractionalSecond";
        case UDAT_RELATED_YEAR_FIELD: return "relatedYear";
        default: return "literal";
    }
}

// V8 takes back the narrow space that newer CLDR has before AM and PM.
UnicodeString& plain_spaces(UnicodeString& text) { return text.findAndReplace(UnicodeString(0x202f), UnicodeString(0x20)); }

void write_date(Format& format, double time, bool is_parts, bool is_range, Writer& out) {
    UErrorCode status = U_ZERO_ERROR;
    UnicodeString text;
    icu::FieldPositionIterator positions;
    format.dates->format(time, text, &positions, status);
    if (U_FAILURE(status)) return out.raw(ICU_ERROR);
    if (!is_parts) return out.text(plain_spaces(text));
    const char* source = is_range ? "shared" : nullptr;
    int32_t at = 0;
    icu::FieldPosition position;
    out.raw("[");
    auto add = [&](const char* type, int32_t start, int32_t end) {
        if (start) out.raw(",");
        write_part(out, type, text, start, end, source);
    };
    while (positions.next(position)) {
        if (at < position.getBeginIndex()) add("literal", at, position.getBeginIndex());
        add(part(position.getField()), position.getBeginIndex(), position.getEndIndex());
        at = position.getEndIndex();
    }
    if (at < text.length()) add("literal", at, text.length());
    out.raw("]");
}

icu::DateIntervalFormat* ranges(Format& format) {
    if (format.ranges) return format.ranges.get();
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = format.locale;
    if (!format.cycle.empty()) set(locale, "hc", format.cycle.c_str());
    UnicodeString pattern;
    format.dates->toPattern(pattern);
    UnicodeString skeleton = icu::DateTimePatternGenerator::staticGetSkeleton(pattern, status);
    format.ranges.reset(icu::DateIntervalFormat::createInstance(skeleton, locale, status));
    if (U_FAILURE(status)) format.ranges.reset();
    else format.ranges->setTimeZone(format.dates->getTimeZone());
    return format.ranges.get();
}

void write_range(Format& format, double from, double to, bool is_parts, Writer& out) {
    UErrorCode status = U_ZERO_ERROR;
    icu::DateIntervalFormat* intervals = ranges(format);
    if (!intervals) return out.raw(ICU_ERROR);
    std::unique_ptr<icu::Calendar> first(format.dates->getCalendar()->clone());
    std::unique_ptr<icu::Calendar> second(format.dates->getCalendar()->clone());
    first->setTime(from, status);
    second->setTime(to, status);
    icu::FormattedDateInterval interval = intervals->formatToValue(*first, *second, status);
    UnicodeString text = interval.toString(status);
    if (U_FAILURE(status)) return out.raw(ICU_ERROR);
    Writer written;
    Spans spans;
    bool is_range = false;
    int32_t at = 0;
    icu::ConstrainedFieldPosition position;
    auto add = [&](const char* type, int32_t start, int32_t end) {
        if (!written.out.empty()) written.raw(",");
        write_part(written, type, text, start, end, spans.source(start, end));
        at = end;
    };
    while (interval.nextPosition(position, status)) {
        if (position.getCategory() == UFIELD_CATEGORY_DATE_INTERVAL_SPAN) {
            is_range = true;
            spans.add(position.getField(), position.getStart(), position.getLimit());
            continue;
        }
        if (position.getStart() > at) add("literal", at, position.getStart());
        add(part(position.getField()), position.getStart(), position.getLimit());
    }
    if (text.length() > at) add("literal", at, text.length());
    if (!is_range) return write_date(format, from, is_parts, true, out);
    if (!is_parts) return out.text(text);
    out.raw("[");
    out.raw(written.out);
    out.raw("]");
}

}  // namespace

// [zone]: its canonical name, or null.
void answer_zone(const Value& request, Writer& out) {
    std::unique_ptr<icu::TimeZone> found = zone(request.at(0));
    if (!found) return out.raw("null");
    out.ascii(zone_name(*found));
}

// [format]: [tag, calendar, numbering system, time zone, hour cycle, pattern].
void answer_date_resolve(const Value& request, Writer& out) {
    Format& format = format_of(request.at(0));
    if (!format.dates) return out.raw(ICU_ERROR);
    std::string type = format.dates->getCalendar()->getType();
    if (type == "gregorian") type = "gregory";
    if (type == "ethiopic-amete-alem") type = "ethioaa";
    UnicodeString pattern;
    format.dates->toPattern(pattern);
    out.raw("[");
    for (const std::string& text : {format.tag, type, numbering_system(format.locale), zone_name(format.dates->getTimeZone()), format.cycle}) {
        out.ascii(text);
        out.raw(",");
    }
    out.text(pattern);
    out.raw("]");
}

// [format, "text" or "parts", milliseconds, end of a range].
void answer_date_format(const Value& request, Writer& out) {
    Format& format = format_of(request.at(0));
    if (!format.dates) return out.raw(ICU_ERROR);
    bool is_parts = request.at(1).ascii() == "parts";
    if (request.items.size() > 3) write_range(format, request.at(2).number, request.at(3).number, is_parts, out);
    else write_date(format, request.at(2).number, is_parts, false, out);
}

}  // namespace intl

// After V8's js-collator.cc, js-relative-time-format.cc, js-list-format.cc, js-display-names.cc and js-segments.cc.
#include <cstring>
#include <memory>

#include "formats.h"
#include "locales.h"
#include "unicode/brkiter.h"
#include "unicode/coll.h"
#include "unicode/decimfmt.h"
#include "unicode/dtptngen.h"
#include "unicode/listformatter.h"
#include "unicode/localebuilder.h"
#include "unicode/locdspnm.h"
#include "unicode/numfmt.h"
#include "unicode/reldatefmt.h"
#include "unicode/uloc.h"
#include "unicode/ustring.h"

namespace intl {

using icu::UnicodeString;

namespace {

// ---- collation

struct Collation {
    std::unique_ptr<icu::Collator> collator;
    icu::Locale shown;
    bool is_search = false;
};

// [requested locales, usage, collation, numeric, caseFirst, sensitivity, ignorePunctuation].
Collation make_collation(const Value& request) {
    Collation made;
    Resolved resolved = resolve("collator", request.at(0), {"co", "kn", "kf"});
    icu::Locale locale = resolved.locale;
    UErrorCode status = U_ZERO_ERROR;
    std::string wanted = request.at(2).ascii();
    bool is_wanted = !request.at(2).is_null() && is_valid_collation(locale, wanted);
    auto co = resolved.extensions.find("co");
    if (is_wanted && co != resolved.extensions.end() && co->second != wanted) locale.setUnicodeKeywordValue("co", nullptr, status);
    made.is_search = request.at(1).ascii() == "search";
    icu::Locale data = locale;
    if (made.is_search) {
        data.setUnicodeKeywordValue("co", "search", status);
    } else if (is_wanted) {
        data.setUnicodeKeywordValue("co", wanted, status);
    }
    made.collator.reset(icu::Collator::createInstance(data, status));
    if (U_FAILURE(status) || !made.collator) {
        status = U_ZERO_ERROR;
        made.collator.reset(icu::Collator::createInstance(icu::Locale(data.getBaseName()), status));
        if (U_FAILURE(status) || !made.collator) return made;
    }
    icu::Collator& collator = *made.collator;
    auto numeric = [&](bool is_on) { collator.setAttribute(UCOL_NUMERIC_COLLATION, is_on ? UCOL_ON : UCOL_OFF, status); };
    auto kn = resolved.extensions.find("kn");
    bool has_kn = kn != resolved.extensions.end();
    if (!request.at(3).is_null()) {
        numeric(request.at(3).truth);
        if (has_kn && (kn->second == "false") == request.at(3).truth) locale.setUnicodeKeywordValue("kn", nullptr, status);
    } else if (has_kn) {
        numeric(kn->second == "true");
    }
    auto case_first = [&](const std::string& which) {
        collator.setAttribute(UCOL_CASE_FIRST, which == "upper" ? UCOL_UPPER_FIRST : which == "lower" ? UCOL_LOWER_FIRST : UCOL_OFF, status);
    };
    auto kf = resolved.extensions.find("kf");
    bool has_kf = kf != resolved.extensions.end();
    if (!request.at(4).is_null()) {
        case_first(request.at(4).ascii());
        if (has_kf && kf->second != request.at(4).ascii()) locale.setUnicodeKeywordValue("kf", nullptr, status);
    } else if (has_kf) {
        case_first(kf->second);
    }
    collator.setAttribute(UCOL_NORMALIZATION_MODE, UCOL_ON, status);
    std::string sensitivity = request.at(5).ascii();
    if (sensitivity.empty() && !made.is_search) sensitivity = "variant";
    if (sensitivity == "base" || sensitivity == "case") collator.setStrength(icu::Collator::PRIMARY);
    if (sensitivity == "case") collator.setAttribute(UCOL_CASE_LEVEL, UCOL_ON, status);
    if (sensitivity == "accent") collator.setStrength(icu::Collator::SECONDARY);
    if (sensitivity == "variant") collator.setStrength(icu::Collator::TERTIARY);
    if (!request.at(6).is_null()) {
        collator.setAttribute(UCOL_ALTERNATE_HANDLING, request.at(6).truth ? UCOL_SHIFTED : UCOL_NON_IGNORABLE, status);
    }
    made.shown = locale;
    return made;
}

Cache<Collation> collations;

// ---- relative times

struct Relative {
    std::unique_ptr<icu::RelativeDateTimeFormatter> formatter;
    std::string tag, system;
};

// [requested locales, numbering system, style].
Relative make_relative(const Value& request) {
    Relative made;
    Resolved resolved = resolve("any", request.at(0), {"nu"});
    icu::Locale locale = resolved.locale;
    UErrorCode status = U_ZERO_ERROR;
    std::string system = request.at(1).ascii();
    bool has_system = !request.at(1).is_null() && is_valid_numbering_system(system);
    auto nu = resolved.extensions.find("nu");
    if (has_system && nu != resolved.extensions.end() && nu->second != system) locale.setUnicodeKeywordValue("nu", nullptr, status);
    made.tag = to_tag(locale);
    if (has_system) locale.setUnicodeKeywordValue("nu", system, status);
    icu::NumberFormat* numbers = icu::NumberFormat::createInstance(locale, UNUM_DECIMAL, status);
    if (U_FAILURE(status)) return made;
    if (auto* decimal = dynamic_cast<icu::DecimalFormat*>(numbers)) decimal->setMinimumGroupingDigits(-2);
    std::string style = request.at(2).ascii();
    UDateRelativeDateTimeFormatterStyle width = style == "short" ? UDAT_STYLE_SHORT : style == "narrow" ? UDAT_STYLE_NARROW : UDAT_STYLE_LONG;
    auto formatter = std::make_unique<icu::RelativeDateTimeFormatter>(locale, numbers, width, UDISPCTX_CAPITALIZATION_NONE, status);
    if (U_SUCCESS(status)) made.formatter = std::move(formatter);
    made.system = numbering_system(locale);
    return made;
}

Cache<Relative> relatives;

URelativeDateTimeUnit relative_unit(const std::string& name) {
    static const char* const NAMES[] = {"year", "quarter", "month", "week", "day", "hour", "minute", "second"};
    static const URelativeDateTimeUnit UNITS[] = {UDAT_REL_UNIT_YEAR, UDAT_REL_UNIT_QUARTER, UDAT_REL_UNIT_MONTH, UDAT_REL_UNIT_WEEK,
                                                  UDAT_REL_UNIT_DAY, UDAT_REL_UNIT_HOUR, UDAT_REL_UNIT_MINUTE, UDAT_REL_UNIT_SECOND};
    for (size_t i = 0; i < 8; i++) {
        if (name == NAMES[i]) return UNITS[i];
    }
    return UDAT_REL_UNIT_SECOND;
}

void write_relative(const icu::FormattedRelativeDateTime& formatted, const std::string& unit, Writer& out) {
    UErrorCode status = U_ZERO_ERROR;
    UnicodeString text = formatted.toString(status);
    icu::ConstrainedFieldPosition position;
    position.constrainCategory(UFIELD_CATEGORY_NUMBER);
    std::vector<std::pair<int32_t, int32_t>> groups;
    int32_t at = 0;
    bool is_first = true;
    out.raw("[");
    auto add = [&](const char* type, int32_t start, int32_t end, bool has_unit) {
        if (!is_first) out.raw(",");
        is_first = false;
        write_part(out, type, text, start, end, has_unit ? unit.c_str() : nullptr);
    };
    while (formatted.nextPosition(position, status) && U_SUCCESS(status)) {
        int32_t field = position.getField(), start = position.getStart(), limit = position.getLimit();
        if (field == UNUM_GROUPING_SEPARATOR_FIELD) {
            groups.push_back({start, limit});
            continue;
        }
        if (start > at) add("literal", at, start, false);
        if (field == UNUM_INTEGER_FIELD) {
            for (auto [from, to] : groups) {
                if (from <= start) continue;
                add(number_part(field, text, start, from, false), start, from, true);
                add("group", from, to, true);
                start = to;
            }
        }
        add(number_part(field, text, start, limit, false), start, limit, true);
        at = limit;
    }
    if (text.length() > at) add("literal", at, text.length(), false);
    out.raw("]");
}

// ---- lists

using Lists = std::unique_ptr<icu::ListFormatter>;

// [locale, type, style].
Lists make_lists(const Value& request) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = icu::Locale::forLanguageTag(request.at(0).ascii(), status);
    std::string type = request.at(1).ascii(), style = request.at(2).ascii();
    UListFormatterType kind = type == "disjunction" ? ULISTFMT_TYPE_OR : type == "unit" ? ULISTFMT_TYPE_UNITS : ULISTFMT_TYPE_AND;
    UListFormatterWidth width = style == "short" ? ULISTFMT_WIDTH_SHORT : style == "narrow" ? ULISTFMT_WIDTH_NARROW : ULISTFMT_WIDTH_WIDE;
    Lists lists(icu::ListFormatter::createInstance(locale, kind, width, status));
    if (U_FAILURE(status)) lists.reset();
    return lists;
}

Cache<Lists> lists;

// ---- names

UDateTimePatternField date_field(const std::string& name) {
    if (name == "era") return UDATPG_ERA_FIELD;
    if (name == "year") return UDATPG_YEAR_FIELD;
    if (name == "quarter") return UDATPG_QUARTER_FIELD;
    if (name == "month") return UDATPG_MONTH_FIELD;
    if (name == "weekOfYear") return UDATPG_WEEK_OF_YEAR_FIELD;
    if (name == "weekday") return UDATPG_WEEKDAY_FIELD;
    if (name == "day") return UDATPG_DAY_FIELD;
    if (name == "dayPeriod") return UDATPG_DAYPERIOD_FIELD;
    if (name == "hour") return UDATPG_HOUR_FIELD;
    if (name == "minute") return UDATPG_MINUTE_FIELD;
    if (name == "second") return UDATPG_SECOND_FIELD;
    if (name == "timeZoneName") return UDATPG_ZONE_FIELD;
    return UDATPG_FIELD_COUNT;
}

bool is_words(const std::string& text, size_t least, size_t most) {
    size_t length = 0;
    for (char c : text) {
        bool is_alphanum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '-' && length >= least) length = 0;
        else if (!is_alphanum || ++length > most) return false;
    }
    return length >= least;
}

bool is_letters(const std::string& text, size_t length) {
    if (text.size() != length) return false;
    for (char c : text) {
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
    }
    return true;
}

// The name of a code; false when the code is none.
bool name_of(const icu::LocaleDisplayNames& names, const std::string& type, const std::string& code, bool has_fallback, UnicodeString& name) {
    UErrorCode status = U_ZERO_ERROR;
    if (type == "language") {
        icu::Locale tagged = icu::Locale::forLanguageTag(code, status);
        icu::Locale plain(tagged.getBaseName());
        if (U_FAILURE(status) || tagged != plain || !starts_with_language_id(code)) return false;
        plain.canonicalize(status);
        std::string checked = plain.toLanguageTag<std::string>(status);
        if (U_FAILURE(status)) return false;
        names.localeDisplayName(checked.c_str(), name);
        return true;
    }
    if (type == "region" || type == "script") {
        icu::LocaleBuilder builder;
        if (type == "region") builder.setRegion(code);
        else builder.setScript(code);
        builder.build(status);
        if (U_FAILURE(status) || (code.empty() && type == "region")) return false;
        if (type == "region") names.regionDisplayName(code.c_str(), name);
        else names.scriptDisplayName(code.c_str(), name);
        return true;
    }
    if (type == "currency") {
        if (!is_letters(code, 3)) return false;
        names.keyValueDisplayName("currency", code.c_str(), name);
        if (!has_fallback && name == UnicodeString(code.c_str(), -1, US_INV)) name.setToBogus();
        return true;
    }
    if (!is_words(code, 3, 8)) return false;
    std::string legacy = code == "gregory" ? "gregorian" : code == "ethioaa" ? "ethiopic-amete-alem" : code;
    names.keyValueDisplayName("calendar", legacy.c_str(), name);
    return true;
}

// ---- segments

Cache<std::unique_ptr<icu::BreakIterator>> breaks;

std::unique_ptr<icu::BreakIterator> make_breaks(const Value& request) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = icu::Locale::forLanguageTag(request.at(0).ascii(), status);
    std::string kind = request.at(1).ascii();
    std::unique_ptr<icu::BreakIterator> made(kind == "word" ? icu::BreakIterator::createWordInstance(locale, status)
                                             : kind == "sentence" ? icu::BreakIterator::createSentenceInstance(locale, status)
                                                                  : icu::BreakIterator::createCharacterInstance(locale, status));
    if (U_FAILURE(status)) made.reset();
    return made;
}

}  // namespace

// [collation]: [tag, usage, sensitivity, ignorePunctuation, collation, numeric, caseFirst].
void answer_collator(const Value& request, Writer& out) {
    const Value& settings = request.at(0);
    Collation& made = collations.get(settings.raw, [&] { return make_collation(settings); });
    if (!made.collator) return out.raw(ICU_ERROR);
    icu::Collator& collator = *made.collator;
    UErrorCode status = U_ZERO_ERROR;
    const char* sensitivity = "variant";
    UColAttributeValue strength = collator.getAttribute(UCOL_STRENGTH, status);
    if (strength == UCOL_PRIMARY) sensitivity = collator.getAttribute(UCOL_CASE_LEVEL, status) == UCOL_ON ? "case" : "base";
    if (strength == UCOL_SECONDARY) sensitivity = "accent";
    UColAttributeValue first = collator.getAttribute(UCOL_CASE_FIRST, status);
    icu::Locale valid(collator.getLocale(ULOC_VALID_LOCALE, status));
    status = U_ZERO_ERROR;
    std::string collation = valid.getUnicodeKeywordValue<std::string>("co", status);
    bool is_search = made.is_search;
    if (U_FAILURE(status) || collation.empty() || collation == "search") collation = "default";
    status = U_ZERO_ERROR;
    out.raw("[");
    out.ascii(to_tag(made.shown));
    out.raw(is_search ? ",\"search\"," : ",\"sort\",");
    out.ascii(sensitivity);
    out.raw(collator.getAttribute(UCOL_ALTERNATE_HANDLING, status) == UCOL_SHIFTED ? ",true," : ",false,");
    out.ascii(collation);
    out.raw(collator.getAttribute(UCOL_NUMERIC_COLLATION, status) == UCOL_ON ? ",true," : ",false,");
    out.ascii(first == UCOL_UPPER_FIRST ? "upper" : first == UCOL_LOWER_FIRST ? "lower" : "false");
    out.raw("]");
}

// [collation, text, text]: -1, 0 or 1.
void answer_compare(const Value& request, Writer& out) {
    const Value& settings = request.at(0);
    Collation& made = collations.get(settings.raw, [&] { return make_collation(settings); });
    if (!made.collator) return out.raw(ICU_ERROR);
    UErrorCode status = U_ZERO_ERROR;
    out.number(made.collator->compare(request.at(1).text, request.at(2).text, status));
}

// [format, "text", "parts" or "resolve", number, unit, whether always with a number].
void answer_relative(const Value& request, Writer& out) {
    const Value& settings = request.at(0);
    Relative& made = relatives.get(settings.raw, [&] { return make_relative(settings); });
    if (!made.formatter) return out.raw(ICU_ERROR);
    std::string what = request.at(1).ascii();
    if (what == "resolve") {
        out.raw("[");
        out.ascii(made.tag);
        out.raw(",");
        out.ascii(made.system);
        return out.raw("]");
    }
    UErrorCode status = U_ZERO_ERROR;
    double number = request.at(2).kind == Value::String ? -0.0 : request.at(2).number;
    std::string unit = request.at(3).ascii();
    icu::FormattedRelativeDateTime formatted = request.at(4).truth
                                                   ? made.formatter->formatNumericToValue(number, relative_unit(unit), status)
                                                   : made.formatter->formatToValue(number, relative_unit(unit), status);
    if (U_FAILURE(status)) return out.raw(ICU_ERROR);
    if (what == "parts") return write_relative(formatted, unit, out);
    UnicodeString text = formatted.toString(status);
    out.text(text);
}

// [[locale, type, style], "text" or "parts", texts].
void answer_list(const Value& request, Writer& out) {
    const Value& settings = request.at(0);
    Lists& made = lists.get(settings.raw, [&] { return make_lists(settings); });
    if (!made) return out.raw(ICU_ERROR);
    std::vector<UnicodeString> items;
    for (const Value& item : request.at(2).items) items.push_back(item.text);
    UErrorCode status = U_ZERO_ERROR;
    icu::FormattedList formatted = made->formatStringsToValue(items.data(), static_cast<int32_t>(items.size()), status);
    UnicodeString text = formatted.toString(status);
    if (U_FAILURE(status)) return out.raw(ICU_ERROR);
    if (request.at(1).ascii() != "parts") return out.text(text);
    icu::ConstrainedFieldPosition position;
    position.constrainCategory(UFIELD_CATEGORY_LIST);
    bool is_first = true;
    out.raw("[");
    while (formatted.nextPosition(position, status) && U_SUCCESS(status)) {
        if (!is_first) out.raw(",");
        is_first = false;
        const char* type = position.getField() == ULISTFMT_ELEMENT_FIELD ? "element" : "literal";
        write_part(out, type, text, position.getStart(), position.getLimit(), nullptr);
    }
    out.raw("]");
}

// [locale, style, type, whether to give the code back, whether dialects have names, code]: the name, null for none, or an error.
void answer_names(const Value& request, Writer& out) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = icu::Locale::forLanguageTag(request.at(0).ascii(), status);
    std::string style = request.at(1).ascii(), type = request.at(2).ascii(), code = request.at(5).ascii();
    bool has_fallback = request.at(3).truth;
    if (type == "dateTimeField") {
        UDateTimePatternField field = date_field(code);
        if (field == UDATPG_FIELD_COUNT) return out.raw("{\"error\":\"argument\"}");
        std::unique_ptr<icu::DateTimePatternGenerator> generator(icu::DateTimePatternGenerator::createInstance(locale, status));
        if (U_FAILURE(status)) return out.raw(ICU_ERROR);
        UDateTimePGDisplayWidth width = style == "short" ? UDATPG_ABBREVIATED : style == "narrow" ? UDATPG_NARROW : UDATPG_WIDE;
        return out.text(generator->getFieldDisplayName(field, width));
    }
    UDisplayContext contexts[] = {style == "long" ? UDISPCTX_LENGTH_FULL : UDISPCTX_LENGTH_SHORT,
                                  request.at(4).truth ? UDISPCTX_DIALECT_NAMES : UDISPCTX_STANDARD_NAMES, UDISPCTX_CAPITALIZATION_NONE,
                                  has_fallback ? UDISPCTX_SUBSTITUTE : UDISPCTX_NO_SUBSTITUTE};
    std::unique_ptr<icu::LocaleDisplayNames> names(icu::LocaleDisplayNames::createInstance(locale, contexts, 4));
    UnicodeString name;
    if (!names || !name_of(*names, type, code, has_fallback, name)) return out.raw("{\"error\":\"argument\"}");
    if (name.isBogus()) return out.raw("null");
    out.text(name);
}

// [[locale, granularity], text]: where segments end, and whether each is like a word.
void answer_segments(const Value& request, Writer& out) {
    const Value& settings = request.at(0);
    std::unique_ptr<icu::BreakIterator>& made = breaks.get(settings.raw, [&] { return make_breaks(settings); });
    if (!made) return out.raw(ICU_ERROR);
    const UnicodeString text = request.at(1).text;
    made->setText(text);
    out.raw("[");
    made->first();
    bool is_first = true;
    for (int32_t end = made->next(); end != icu::BreakIterator::DONE; end = made->next()) {
        if (!is_first) out.raw(",");
        is_first = false;
        int32_t status = made->getRuleStatus();
        // Negative for what is like a word.
        bool is_word = status >= UBRK_WORD_NUMBER && status < UBRK_WORD_IDEO_LIMIT;
        out.number(is_word ? -end : end);
    }
    out.raw("]");
}

// [language, whether upper, text].
void answer_case(const Value& request, Writer& out) {
    UnicodeString text = request.at(2).text;
    icu::Locale locale(request.at(0).ascii().c_str());
    if (request.at(1).truth) text.toUpper(locale);
    else text.toLower(locale);
    out.text(text);
}

}  // namespace intl

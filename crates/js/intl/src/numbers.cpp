// After V8's src/objects/js-number-format.cc and js-plural-rules.cc.
#include <algorithm>
#include <limits>
#include <memory>

#include "formats.h"
#include "locales.h"
#include "unicode/measunit.h"
#include "unicode/numberrangeformatter.h"
#include "unicode/numsys.h"
#include "unicode/plurrule.h"
#include "unicode/ucurr.h"

namespace intl {

using icu::number::LocalizedNumberFormatter;
using icu::number::LocalizedNumberRangeFormatter;
using icu::number::Precision;
using icu::number::UnlocalizedNumberFormatter;

namespace {

UNumberFormatRoundingMode rounding_mode(const std::string& name) {
    if (name == "ceil") return UNUM_ROUND_CEILING;
    if (name == "floor") return UNUM_ROUND_FLOOR;
    if (name == "expand") return UNUM_ROUND_UP;
    if (name == "trunc") return UNUM_ROUND_DOWN;
    if (name == "halfCeil") return UNUM_ROUND_HALF_CEILING;
    if (name == "halfFloor") return UNUM_ROUND_HALF_FLOOR;
    if (name == "halfTrunc") return UNUM_ROUND_HALFDOWN;
    if (name == "halfEven") return UNUM_ROUND_HALFEVEN;
    return UNUM_ROUND_HALFUP;
}

UNumberUnitWidth unit_width(const std::string& name) {
    if (name == "code") return UNUM_UNIT_WIDTH_ISO_CODE;
    if (name == "name" || name == "long") return UNUM_UNIT_WIDTH_FULL_NAME;
    if (name == "narrowSymbol" || name == "narrow") return UNUM_UNIT_WIDTH_NARROW;
    return UNUM_UNIT_WIDTH_SHORT;
}

UNumberGroupingStrategy grouping(const std::string& name) {
    if (name == "false") return UNUM_GROUPING_OFF;
    if (name == "min2") return UNUM_GROUPING_MIN2;
    if (name == "always") return UNUM_GROUPING_ON_ALIGNED;
    return UNUM_GROUPING_AUTO;
}

UNumberSignDisplay sign(const std::string& name, bool is_accounting) {
    if (name == "never") return UNUM_SIGN_NEVER;
    if (name == "always") return is_accounting ? UNUM_SIGN_ACCOUNTING_ALWAYS : UNUM_SIGN_ALWAYS;
    if (name == "exceptZero") return is_accounting ? UNUM_SIGN_ACCOUNTING_EXCEPT_ZERO : UNUM_SIGN_EXCEPT_ZERO;
    if (name == "negative") return is_accounting ? UNUM_SIGN_ACCOUNTING_NEGATIVE : UNUM_SIGN_NEGATIVE;
    return is_accounting ? UNUM_SIGN_ACCOUNTING : UNUM_SIGN_AUTO;
}

// A unit of ECMA-402's list.
icu::MeasureUnit unit(const std::string& name) {
    UErrorCode status = U_ZERO_ERROR;
    int32_t total = icu::MeasureUnit::getAvailable(nullptr, 0, status);
    status = U_ZERO_ERROR;
    static std::vector<icu::MeasureUnit> units;
    if (units.empty()) {
        units.resize(static_cast<size_t>(total));
        icu::MeasureUnit::getAvailable(units.data(), total, status);
    }
    for (const icu::MeasureUnit& unit : units) {
        if (name == unit.getSubtype() && std::string_view("none") != unit.getType()) return unit;
    }
    return icu::MeasureUnit();
}

struct Format {
    LocalizedNumberFormatter numbers;
    LocalizedNumberRangeFormatter ranges;
    bool is_unit = false;
};

// [locale, style, currency, display, sign of a currency, unit, notation, compact display, digits, grouping, sign].
Format make(const Value& request) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = icu::Locale::forLanguageTag(request.at(0).ascii(), status);
    UnlocalizedNumberFormatter settings = UnlocalizedNumberFormatter().roundingMode(UNUM_ROUND_HALFUP);
    std::string system = numbering_system(locale);
    if (system != "latn") settings = settings.adoptSymbols(icu::NumberingSystem::createInstanceByName(system.c_str(), status));
    Format format;
    std::string style = request.at(1).ascii();
    if (style == "currency") {
        icu::UnicodeString code = request.at(2).text;
        settings = settings.unit(icu::CurrencyUnit(code.getTerminatedBuffer(), status));
        if (request.at(3).ascii() != "symbol") settings = settings.unitWidth(unit_width(request.at(3).ascii()));
    } else if (style == "unit") {
        format.is_unit = true;
        std::string name = request.at(5).ascii();
        size_t per = name.find("-per-");
        settings = settings.unit(unit(name.substr(0, per)));
        if (per != std::string::npos) settings = settings.perUnit(unit(name.substr(per + 5)));
        if (request.at(3).ascii() != "short") settings = settings.unitWidth(unit_width(request.at(3).ascii()));
    } else if (style == "percent") {
        settings = settings.unit(icu::MeasureUnit::getPercent()).scale(icu::number::Scale::powerOfTen(2));
    }
    settings = with_digits(settings, request.at(8));
    std::string kind = request.at(6).ascii();
    if (kind != "standard") settings = settings.notation(notation(kind, request.at(7).ascii()));
    if (request.at(9).ascii() != "auto") settings = settings.grouping(grouping(request.at(9).ascii()));
    bool is_accounting = request.at(4).ascii() == "accounting";
    if (request.at(10).ascii() != "auto" || is_accounting) settings = settings.sign(sign(request.at(10).ascii(), is_accounting));
    format.numbers = settings.locale(locale);
    UnlocalizedNumberFormatter both = settings;
    format.ranges = icu::number::UnlocalizedNumberRangeFormatter().numberFormatterBoth(both).locale(locale);
    return format;
}

// A number comes as a JSON number, or as a text: digits, or NaN, Infinity, -Infinity, -0.
icu::Formattable formattable(const Value& value, bool& is_nan, UErrorCode& status) {
    if (value.kind == Value::Number) return icu::Formattable(value.number);
    std::string text = value.ascii();
    is_nan = text == "NaN";
    if (is_nan) return icu::Formattable(std::numeric_limits<double>::quiet_NaN());
    if (text == "Infinity") return icu::Formattable(std::numeric_limits<double>::infinity());
    if (text == "-Infinity") return icu::Formattable(-std::numeric_limits<double>::infinity());
    if (text == "-0") return icu::Formattable(-0.0);
    return icu::Formattable(icu::StringPiece(text), status);
}

icu::number::FormattedNumber formatted(const LocalizedNumberFormatter& format, const Value& value, bool& is_nan, UErrorCode& status) {
    icu::Formattable number = formattable(value, is_nan, status);
    if (value.kind == Value::Number || number.getType() == icu::Formattable::kDouble) {
        std::string text = value.ascii();
        bool is_digits = value.kind == Value::String && !text.empty() && text.back() != 'N' && text.back() != 'y' && text != "-0";
        if (!is_digits) return format.formatDouble(number.getDouble(status), status);
    }
    return format.formatDecimal(value.ascii(), status);
}

struct Region {
    int32_t field, start, end;
};

// Smaller regions lie on larger ones; gives what is seen from above.
std::vector<Region> flatten(std::vector<Region> regions) {
    std::sort(regions.begin(), regions.end(), [](const Region& a, const Region& b) {
        if (a.start != b.start) return a.start < b.start;
        if (a.end != b.end) return a.end > b.end;
        return a.field < b.field;
    });
    std::vector<Region> parts;
    std::vector<size_t> below{0};
    size_t next = 1;
    Region top = regions[0];
    int32_t whole = top.end;
    int32_t at = 0;
    while (at < whole) {
        int32_t begin = next < regions.size() ? regions[next].start : whole;
        if (at < begin) {
            while (top.end < begin) {
                if (at < top.end) {
                    parts.push_back({top.field, at, top.end});
                    at = top.end;
                }
                below.pop_back();
                top = regions[below.back()];
            }
            if (at < begin) {
                parts.push_back({top.field, at, begin});
                at = begin;
            }
        }
        if (next < regions.size()) {
            below.push_back(next++);
            top = regions[below.back()];
        }
    }
    return parts;
}

void write_parts(const icu::FormattedValue& value, bool is_unit, bool is_nan, bool has_source, Writer& out) {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString text = value.toString(status);
    std::vector<Region> regions{{-1, 0, text.length()}};
    Spans spans;
    icu::ConstrainedFieldPosition position;
    while (value.nextPosition(position, status)) {
        if (position.getCategory() == UFIELD_CATEGORY_NUMBER_RANGE_SPAN) {
            spans.add(position.getField(), position.getStart(), position.getLimit());
        } else {
            regions.push_back({position.getField(), position.getStart(), position.getLimit()});
        }
    }
    if (U_FAILURE(status)) return out.raw(ICU_ERROR);
    out.raw("[");
    bool is_first = true;
    for (const Region& part : flatten(regions)) {
        const char* type = part.field == -1 ? "literal"
                           : is_unit && part.field == UNUM_PERCENT_FIELD ? "unit"
                                                                         : number_part(part.field, text, part.start, part.end, is_nan);
        if (!is_first) out.raw(",");
        is_first = false;
        write_part(out, type, text, part.start, part.end, has_source ? spans.source(part.start, part.end) : nullptr);
    }
    out.raw("]");
}

void write_text(const icu::FormattedValue& value, Writer& out) {
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString text = value.toString(status);
    if (U_FAILURE(status)) return out.raw(ICU_ERROR);
    out.text(text);
}

Cache<Format> formats;

struct Plural {
    std::unique_ptr<icu::PluralRules> rules;
    LocalizedNumberFormatter numbers;
    LocalizedNumberRangeFormatter ranges;
};

// [locale, type, notation, compact display, digits].
Plural make_plural(const Value& request) {
    UErrorCode status = U_ZERO_ERROR;
    icu::Locale locale = icu::Locale::forLanguageTag(request.at(0).ascii(), status);
    UnlocalizedNumberFormatter settings = UnlocalizedNumberFormatter().roundingMode(UNUM_ROUND_HALFUP);
    std::string kind = request.at(2).ascii();
    if (kind != "standard") settings = settings.notation(notation(kind, request.at(3).ascii()));
    settings = with_digits(settings, request.at(4));
    Plural plural;
    UPluralType type = request.at(1).ascii() == "ordinal" ? UPLURAL_TYPE_ORDINAL : UPLURAL_TYPE_CARDINAL;
    plural.rules.reset(icu::PluralRules::forLocale(locale, type, status));
    plural.numbers = settings.locale(locale);
    UnlocalizedNumberFormatter both = settings;
    plural.ranges = icu::number::UnlocalizedNumberRangeFormatter().numberFormatterBoth(both).locale(locale);
    return plural;
}

Cache<Plural> plurals;

}  // namespace

const char* number_part(int32_t field, const icu::UnicodeString& text, int32_t start, int32_t end, bool is_nan) {
    switch (field) {
        case UNUM_INTEGER_FIELD:
            if (is_nan) return "nan";
            if (text.charAt(start) == 0x221e || (end - start == 3 && text.tempSubString(start, 3) == u"INF")) return "infinity";
            return "integer";
        case UNUM_FRACTION_FIELD: return "fraction";
        case UNUM_DECIMAL_SEPARATOR_FIELD: return "decimal";
        case UNUM_GROUPING_SEPARATOR_FIELD: return "group";
        case UNUM_CURRENCY_FIELD: return "currency";
        case UNUM_PERCENT_FIELD: return "percentSign";
        case UNUM_SIGN_FIELD: return text.charAt(start) == u'+' ? "plusSign" : "minusSign";
        case UNUM_EXPONENT_SYMBOL_FIELD: return "exponentSeparator";
        case UNUM_EXPONENT_SIGN_FIELD: return "exponentMinusSign";
        case UNUM_EXPONENT_FIELD: return "exponentInteger";
        case UNUM_COMPACT_FIELD: return "compact";
        case UNUM_MEASURE_UNIT_FIELD: return "unit";
        case UNUM_APPROXIMATELY_SIGN_FIELD: return "approximatelySign";
        default: return "literal";
    }
}

void Spans::add(int32_t field, int32_t from, int32_t to) {
    if (field < 0 || field > 1) return;
    start[field] = from;
    limit[field] = to;
}

const char* Spans::source(int32_t from, int32_t to) const {
    for (int side = 0; side < 2; side++) {
        if (start[side] <= from && from <= limit[side] && start[side] <= to && to <= limit[side]) return side ? "endRange" : "startRange";
    }
    return "shared";
}

void write_part(Writer& out, const char* type, const icu::UnicodeString& text, int32_t start, int32_t end, const char* more) {
    out.raw("[");
    out.ascii(type);
    out.raw(",");
    out.text(text.tempSubStringBetween(start, end));
    if (more) {
        out.raw(",");
        out.ascii(more);
    }
    out.raw("]");
}

icu::number::Notation notation(const std::string& name, const std::string& display) {
    if (name == "scientific") return icu::number::Notation::scientific();
    if (name == "engineering") return icu::number::Notation::engineering();
    if (name != "compact") return icu::number::Notation::simple();
    return display == "long" ? icu::number::Notation::compactLong() : icu::number::Notation::compactShort();
}

UnlocalizedNumberFormatter with_digits(const UnlocalizedNumberFormatter& settings, const Value& digits) {
    UnlocalizedNumberFormatter result = settings.roundingMode(rounding_mode(digits.at(7).ascii()));
    if (digits.at(0).integer() > 1) result = result.integerWidth(icu::number::IntegerWidth::zeroFillTo(digits.at(0).integer()));
    std::string type = digits.at(1).ascii();
    int least = digits.at(2).integer(), most = digits.at(3).integer();
    int least_significant = digits.at(4).integer(), most_significant = digits.at(5).integer();
    Precision precision = Precision::unlimited();
    if (type == "significantDigits") {
        precision = Precision::minMaxSignificantDigits(least_significant, most_significant);
    } else if (type == "fractionDigits") {
        precision = Precision::minMaxFraction(least, most);
    } else {
        precision = Precision::minMaxFraction(least, most)
                        .withSignificantDigits(least_significant, most_significant,
                                               type == "morePrecision" ? UNUM_ROUNDING_PRIORITY_RELAXED : UNUM_ROUNDING_PRIORITY_STRICT);
    }
    int increment = digits.at(6).integer();
    if (increment > 1) {
        precision = Precision::incrementExact(static_cast<uint64_t>(increment), static_cast<int16_t>(-most)).withMinFraction(least);
    }
    if (digits.at(8).ascii() == "stripIfInteger") precision = precision.trailingZeroDisplay(UNUM_TRAILING_ZERO_HIDE_IF_WHOLE);
    return result.precision(precision);
}

// [requested locales, numbering system, currency]: {tag, locale, nu, digits of the currency}.
void answer_number_resolve(const Value& request, Writer& out) {
    Resolved resolved = resolve("number", request.at(0), {"nu"});
    icu::Locale locale = resolved.locale;
    UErrorCode status = U_ZERO_ERROR;
    std::string system = request.at(1).ascii();
    bool is_valid = !request.at(1).is_null() && is_valid_numbering_system(system);
    auto extension = resolved.extensions.find("nu");
    if (is_valid && extension != resolved.extensions.end() && extension->second != system) {
        locale.setUnicodeKeywordValue("nu", nullptr, status);
    }
    std::string tag = to_tag(locale);
    if (is_valid) locale.setUnicodeKeywordValue("nu", system, status);
    icu::UnicodeString currency = request.at(2).text;
    UErrorCode failed = U_ZERO_ERROR;
    int digits = request.at(2).is_null() ? 2 : ucurr_getDefaultFractionDigits(currency.getTerminatedBuffer(), &failed);
    out.raw("[");
    out.ascii(tag);
    out.raw(",");
    out.ascii(to_tag(locale));
    out.raw(",");
    out.ascii(numbering_system(locale));
    out.raw(",");
    out.number(U_SUCCESS(failed) ? digits : 2);
    out.raw("]");
}

// [format, "text" or "parts", number, end of a range].
void answer_number_format(const Value& request, Writer& out) {
    const Value& settings = request.at(0);
    Format& format = formats.get(settings.raw, [&] { return make(settings); });
    bool is_parts = request.at(1).ascii() == "parts";
    UErrorCode status = U_ZERO_ERROR;
    bool is_nan = false;
    if (request.items.size() > 3) {
        bool is_other_nan = false;
        icu::Formattable first = formattable(request.at(2), is_nan, status);
        icu::Formattable second = formattable(request.at(3), is_other_nan, status);
        icu::number::FormattedNumberRange range = format.ranges.formatFormattableRange(first, second, status);
        if (U_FAILURE(status)) return out.raw(ICU_ERROR);
        return is_parts ? write_parts(range, format.is_unit, is_nan, true, out) : write_text(range, out);
    }
    icu::number::FormattedNumber number = formatted(format.numbers, request.at(2), is_nan, status);
    if (U_FAILURE(status)) return out.raw(ICU_ERROR);
    if (is_parts) write_parts(number, format.is_unit, is_nan, false, out);
    else write_text(number, out);
}

// [rules, number, end of a range]: the category; without a number: [categories].
void answer_plural(const Value& request, Writer& out) {
    const Value& settings = request.at(0);
    Plural& plural = plurals.get(settings.raw, [&] { return make_plural(settings); });
    if (!plural.rules) return out.raw(ICU_ERROR);
    UErrorCode status = U_ZERO_ERROR;
    bool is_nan = false;
    if (request.items.size() > 2) {
        icu::Formattable first = formattable(request.at(1), is_nan, status);
        icu::Formattable second = formattable(request.at(2), is_nan, status);
        icu::number::FormattedNumberRange range = plural.ranges.formatFormattableRange(first, second, status);
        icu::UnicodeString category = plural.rules->select(range, status);
        return U_FAILURE(status) ? out.raw(ICU_ERROR) : out.text(category);
    }
    if (request.items.size() > 1) {
        icu::Formattable number = formattable(request.at(1), is_nan, status);
        icu::number::FormattedNumber formatted = plural.numbers.formatDouble(number.getDouble(status), status);
        icu::UnicodeString category = plural.rules->select(formatted, status);
        return U_FAILURE(status) ? out.raw(ICU_ERROR) : out.text(category);
    }
    std::unique_ptr<icu::StringEnumeration> words(plural.rules->getKeywords(status));
    out.raw("[");
    bool is_first = true;
    const char* word;
    while (words && (word = words->next(nullptr, status)) && U_SUCCESS(status)) {
        if (!is_first) out.raw(",");
        is_first = false;
        out.ascii(word);
    }
    out.raw("]");
}

}  // namespace intl

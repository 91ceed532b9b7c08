// ---- Intl.NumberFormat and Intl.PluralRules

const ROUNDING_MODES = ['ceil', 'floor', 'expand', 'trunc', 'halfCeil', 'halfFloor', 'halfExpand', 'halfTrunc', 'halfEven'];
const INCREMENTS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000];
const UNITS = ['acre', 'bit', 'byte', 'celsius', 'centimeter', 'day', 'degree', 'fahrenheit', 'fluid-ounce', 'foot', 'gallon', 'gigabit',
    'gigabyte', 'gram', 'hectare', 'hour', 'inch', 'kilobit', 'kilobyte', 'kilogram', 'kilometer', 'liter', 'megabit', 'megabyte', 'meter',
    'microsecond', 'mile', 'mile-scandinavian', 'milliliter', 'millimeter', 'millisecond', 'minute', 'month', 'nanosecond', 'ounce', 'percent',
    'petabyte', 'pound', 'second', 'stone', 'terabit', 'terabyte', 'week', 'yard', 'year'];

function isUnit(unit) {
    if (listIncludes(UNITS, unit)) return true;
    const per = indexOfText(unit, '-per-');
    if (per < 0 || indexOfText(unit, '-per-', per + 5) >= 0) return false;
    return listIncludes(UNITS, textSlice(unit, 0, per)) && listIncludes(UNITS, textSlice(unit, per + 5));
}

function digitOptions(options, leastFraction, mostFraction, isCompact, service) {
    const integers = numberIn(options.minimumIntegerDigits, 1, 21, 1, 'minimumIntegerDigits');
    const { minimumFractionDigits, maximumFractionDigits, minimumSignificantDigits, maximumSignificantDigits } = options;
    const increment = numberIn(options.roundingIncrement, 1, 5000, 1, 'roundingIncrement');
    if (!listIncludes(INCREMENTS, increment)) throw rangeError('roundingIncrement value is out of range.');
    const mode = textOption(options, 'roundingMode', ROUNDING_MODES, service, 'halfExpand');
    const priority = textOption(options, 'roundingPriority', ['auto', 'morePrecision', 'lessPrecision'], service, 'auto');
    const zeros = textOption(options, 'trailingZeroDisplay', ['auto', 'stripIfInteger'], service, 'auto');
    const hasSignificant = minimumSignificantDigits !== undefined || maximumSignificantDigits !== undefined;
    const hasFraction = minimumFractionDigits !== undefined || maximumFractionDigits !== undefined;
    let needsSignificant = true;
    let needsFraction = true;
    if (priority === 'auto') {
        needsSignificant = hasSignificant;
        if (needsSignificant || (!hasFraction && isCompact)) needsFraction = false;
    }
    let [least, most, leastSignificant, mostSignificant] = [0, 0, 0, 0];
    if (needsSignificant) {
        [leastSignificant, mostSignificant] = [1, 21];
        if (hasSignificant) {
            leastSignificant = numberIn(minimumSignificantDigits, 1, 21, 1, 'minimumSignificantDigits');
            mostSignificant = numberIn(maximumSignificantDigits, leastSignificant, 21, 21, 'maximumSignificantDigits');
        }
    }
    if (needsFraction) {
        [least, most] = [leastFraction, mostFraction];
        if (hasFraction) {
            least = numberIn(minimumFractionDigits, 0, 100, undefined, 'minimumFractionDigits');
            most = numberIn(maximumFractionDigits, 0, 100, undefined, 'maximumFractionDigits');
            if (least === undefined) least = min(leastFraction, most);
            else if (most === undefined) most = max(mostFraction, least);
            else if (least > most) throw rangeError('maximumFractionDigits value is out of range.');
        }
    }
    let type = hasSignificant ? 'significantDigits' : 'fractionDigits';
    if (!needsSignificant && !needsFraction) {
        [least, most, leastSignificant, mostSignificant, type] = [0, 0, 1, 2, 'morePrecision'];
    } else if (priority !== 'auto') {
        type = priority;
    }
    if (increment !== 1) {
        if (type !== 'fractionDigits') throw typeError('RoundingType is not fractionDigits');
        if (least !== most) throw rangeError('maximumFractionDigits value is out of range.');
    }
    return [integers, type, least, most, leastSignificant, mostSignificant, increment, mode, zeros];
}

function addDigits(result, digits) {
    result.minimumIntegerDigits = digits[0];
    if (digits[1] !== 'significantDigits') {
        result.minimumFractionDigits = digits[2];
        result.maximumFractionDigits = digits[3];
    }
    if (digits[1] !== 'fractionDigits') {
        result.minimumSignificantDigits = digits[4];
        result.maximumSignificantDigits = digits[5];
    }
}

function addRounding(result, digits) {
    result.roundingIncrement = digits[6];
    result.roundingMode = digits[7];
    result.roundingPriority = digits[1] === 'morePrecision' || digits[1] === 'lessPrecision' ? digits[1] : 'auto';
    result.trailingZeroDisplay = digits[8];
}

function groupingOption(options, service, fallback) {
    const value = options.useGrouping;
    if (value === undefined) return fallback;
    if (value === true) return 'always';
    if (!value) return 'false';
    const text = toText(value);
    if (text === 'true' || text === 'false') return fallback;
    if (!listIncludes(['min2', 'auto', 'always'], text)) throw rangeError(`Value ${text} out of range for ${service} options property useGrouping`);
    return text;
}

const NOTATIONS = ['standard', 'scientific', 'engineering', 'compact'];

function makeNumberFormat(locales, given, service) {
    const requested = canonicalLocales(locales);
    const options = coerceOptions(given, service);
    matcherOption(options, service);
    const system = typeOption(options, 'numberingSystem');
    const style = textOption(options, 'style', ['decimal', 'percent', 'currency', 'unit'], service, 'decimal');
    let currency = textOption(options, 'currency');
    if (currency === undefined) {
        if (style === 'currency') throw typeError('Currency code is required with currency style.');
    } else if (!matches(/^[A-Za-z]{3}$/, currency)) {
        throw rangeError(`Invalid currency code : ${currency}`);
    }
    const currencyDisplay = textOption(options, 'currencyDisplay', ['code', 'symbol', 'name', 'narrowSymbol'], service, 'symbol');
    const currencySign = textOption(options, 'currencySign', ['standard', 'accounting'], service, 'standard');
    const unit = textOption(options, 'unit');
    if (unit === undefined) {
        if (style === 'unit') throw typeError(`Invalid unit argument for ${service}() ''`);
    } else if (!isUnit(unit)) {
        throw rangeError(`Invalid unit argument for ${service}() '${unit}'`);
    }
    const unitDisplay = textOption(options, 'unitDisplay', ['short', 'narrow', 'long'], service, 'short');
    if (style === 'currency') currency = upperCase(currency);
    const resolved = ask('number', wiredAll([requested, system, style === 'currency' ? currency : undefined]));
    const notation = textOption(options, 'notation', NOTATIONS, service, 'standard');
    const isMoney = style === 'currency' && notation === 'standard';
    const [least, most] = isMoney ? [resolved[3], resolved[3]] : [0, style === 'percent' ? 0 : 3];
    const digits = digitOptions(options, least, most, notation === 'compact', service);
    const compactDisplay = textOption(options, 'compactDisplay', ['short', 'long'], service, 'short');
    const useGrouping = groupingOption(options, service, notation === 'compact' ? 'min2' : 'auto');
    const signDisplay = textOption(options, 'signDisplay', ['auto', 'never', 'always', 'exceptZero', 'negative'], service, 'auto');
    const display = style === 'currency' ? currencyDisplay : unitDisplay;
    const request = wired([resolved[1], style, currency ?? '', display, currencySign, unit ?? '', notation, compactDisplay, digits, useGrouping, signDisplay]);
    return {
        __proto__: null, kind: 'NumberFormat', request, locale: resolved[0], numberingSystem: resolved[2], style, currency, currencyDisplay,
        currencySign, unit, unitDisplay, digits, useGrouping, notation, compactDisplay, signDisplay, format: undefined,
    };
}

// What ICU can format: a number, or the text of one.
function mathematical(value) {
    let primitive = value;
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') primitive = primitiveOf(value);
    if (typeof primitive === 'bigint') return `${primitive}`;
    if (typeof primitive !== 'string') return toNumber(primitive);
    const text = trimmed(primitive);
    if (text === '') return 0;
    const number = +text;
    if (isNaN(number) || !isFinite(number)) return matches(/^[+-]?\d/, text) && !isNaN(number) ? text : number;
    if (matches(/^0[box]/i, text)) return number < 9007199254740991 ? number : `${toBigInt(text)}`;
    return text;
}

const toBigInt = BigInt;

function primitiveOf(value) {
    const exotic = value[Symbol.toPrimitive];
    if (exotic !== undefined && exotic !== null) {
        if (typeof exotic !== 'function') throw typeError(`${shown(exotic)} is not a function`);
        const primitive = apply(exotic, value, ['number']);
        if ((typeof primitive !== 'object' && typeof primitive !== 'function') || primitive === null) return primitive;
        throw typeError('Cannot convert object to primitive value');
    }
    for (const name of ['valueOf', 'toString']) {
        const method = value[name];
        if (typeof method !== 'function') continue;
        const primitive = apply(method, value, []);
        if ((typeof primitive !== 'object' && typeof primitive !== 'function') || primitive === null) return primitive;
    }
    throw typeError('Cannot convert object to primitive value');
}

const formatNumber = (slot, value) => ask('number.format', `${slot.request},"text",${wired(mathematical(value))}`);

function numberRange(slot, start, end, how) {
    if (start === undefined) throw typeError('Invalid start : undefined');
    if (end === undefined) throw typeError('Invalid end : undefined');
    const [from, to] = [mathematical(start), mathematical(end)];
    if (isNaN(asNumber(from))) throw rangeError(`Invalid start : ${shown(start)}`);
    if (isNaN(asNumber(to))) throw rangeError(`Invalid end : ${shown(end)}`);
    return ask('number.format', `${slot.request},"${how}",${wired(from)},${wired(to)}`);
}

function NumberFormat(locales, options) {
    return legacyResult(this, new.target, NumberFormat, makeNumberFormat(locales, options, 'Intl.NumberFormat'));
}

const unwrapNumbers = () => typeError('Method UnwrapNumberFormat called on incompatible receiver undefined');
const numberSlot = (receiver, method) => {
    const slot = legacySlot(receiver, 'NumberFormat', NumberFormat, unwrapNumbers);
    if (slot === undefined) throw incompatible(method, receiver);
    return slot;
};

finishClass(NumberFormat, 0, 'number', {
    resolvedOptions() {
        const slot = numberSlot(this, 'Intl.NumberFormat.prototype.resolvedOptions');
        const result = { locale: slot.locale, numberingSystem: slot.numberingSystem, style: slot.style };
        if (slot.style === 'currency') {
            result.currency = slot.currency;
            result.currencyDisplay = slot.currencyDisplay;
            result.currencySign = slot.currencySign;
        }
        if (slot.style === 'unit') {
            result.unit = slot.unit;
            result.unitDisplay = slot.unitDisplay;
        }
        addDigits(result, slot.digits);
        result.useGrouping = slot.useGrouping === 'false' ? false : slot.useGrouping;
        result.notation = slot.notation;
        if (slot.notation === 'compact') result.compactDisplay = slot.compactDisplay;
        result.signDisplay = slot.signDisplay;
        addRounding(result, slot.digits);
        return result;
    },
    formatToParts(value) {
        const slot = slotFor(this, 'NumberFormat', 'formatToParts');
        return partsOf(ask('number.format', `${slot.request},"parts",${wired(mathematical(value))}`));
    },
    get format() {
        const slot = numberSlot(this, 'get Intl.NumberFormat.prototype.format');
        return slot.format ??= nameless((value) => formatNumber(slot, value));
    },
    formatRange(start, end) {
        return numberRange(slotFor(this, 'NumberFormat', 'formatRange'), start, end, 'text');
    },
    formatRangeToParts(start, end) {
        return partsOf(numberRange(slotFor(this, 'NumberFormat', 'formatRangeToParts'), start, end, 'parts'), 'source');
    },
});

function PluralRules(locales, given) {
    needsNew(new.target, 'PluralRules');
    const service = 'Intl.PluralRules';
    const requested = canonicalLocales(locales);
    const options = coerceOptions(given, service);
    matcherOption(options, service);
    const type = textOption(options, 'type', ['cardinal', 'ordinal'], service, 'cardinal');
    const digits = digitOptions(options, 0, 3, false, service);
    const locale = ask('resolve', wiredAll(['plural', requested]));
    const request = wired([locale, type, 'standard', 'short', digits]);
    return setSlot(makeObject(hasOwnPrototype(new.target, PluralRules.prototype)), { __proto__: null, kind: 'PluralRules', request, locale, type, digits });
}

finishClass(PluralRules, 0, 'plural', {
    resolvedOptions() {
        const slot = slotFor(this, 'PluralRules', 'resolvedOptions');
        const result = { locale: slot.locale, type: slot.type };
        const { digits } = slot;
        result.minimumIntegerDigits = digits[0];
        if (digits[1] === 'fractionDigits') {
            result.minimumFractionDigits = digits[2];
            result.maximumFractionDigits = digits[3];
        } else {
            result.minimumSignificantDigits = digits[4];
            result.maximumSignificantDigits = digits[5];
        }
        result.pluralCategories = ask('plural', slot.request);
        addRounding(result, digits);
        return result;
    },
    select(value) {
        const slot = slotFor(this, 'PluralRules', 'select');
        return ask('plural', `${slot.request},${wired(toNumber(value))}`);
    },
    selectRange(start, end) {
        const slot = slotFor(this, 'PluralRules', 'selectRange');
        if (start === undefined) throw typeError('Invalid startRange : undefined');
        if (end === undefined) throw typeError('Invalid endRange : undefined');
        const [from, to] = [toNumber(start), toNumber(end)];
        if (isNaN(from)) throw rangeError('Invalid startRange : NaN');
        if (isNaN(to)) throw rangeError('Invalid endRange : NaN');
        return ask('plural', `${slot.request},${wired(from)},${wired(to)}`);
    },
});

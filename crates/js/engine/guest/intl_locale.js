// ---- Intl.Locale, Intl itself, and the methods of other classes that know locales

// Option, key of the extension, allowed values.
const LOCALE_OPTIONS = [
    ['calendar', 'ca'], ['collation', 'co'], ['hourCycle', 'hc', CYCLES], ['caseFirst', 'kf', ['upper', 'lower', 'false']],
    ['numeric', 'kn', 'boolean'], ['numberingSystem', 'nu'],
];

function Locale(tag, given) {
    needsNew(new.target, 'Locale');
    if (typeof tag !== 'string' && (typeof tag !== 'object' || tag === null) && typeof tag !== 'function') {
        throw typeError("First argument to Intl.Locale constructor can't be empty or missing");
    }
    const text = localeTag(tag) ?? toText(tag);
    const options = coerceOptions(given, 'Intl.Locale');
    if (text === '') throw rangeError("First argument to Intl.Locale constructor can't be empty or missing");
    const language = textOption(options, 'language');
    const script = textOption(options, 'script');
    const region = textOption(options, 'region');
    const keywords = [];
    for (let at = 0; at < LOCALE_OPTIONS.length; at++) {
        const { 0: name, 1: key, 2: values } = LOCALE_OPTIONS[at];
        const value = values === 'boolean' ? booleanOption(options, name) : textOption(options, name, values, 'locale');
        if (value !== undefined) push(keywords, key, `${value}`);
    }
    const described = ask('locale', wiredAll(['', text, language, script, region, keywords]));
    if (described === null) throw rangeError('Incorrect locale information provided');
    return makeLocale(described, hasOwnPrototype(new.target, Locale.prototype));
}

function makeLocale(described, prototype) {
    return setSlot(makeObject(prototype), { __proto__: null, kind: 'Locale', tag: described.tag, described });
}

function likelyLocale(receiver, what) {
    const { tag } = slotFor(receiver, 'Locale', what);
    const described = ask('locale', wiredAll([what, tag, undefined, undefined, undefined, []]));
    if (described === null) throw rangeError('Incorrect locale information provided');
    return makeLocale(described, Locale.prototype);
}

const localeValues = (receiver, what) => ask('locale', wiredAll([what, slotFor(receiver, 'Locale', what).tag, undefined, undefined, undefined, []]));
const localeField = (receiver, name, field = name) => slotFor(receiver, 'Locale', name).described[field];

finishClass(Locale, 1, undefined, {
    toString() { return slotFor(this, 'Locale', 'toString').tag; },
    maximize() { return likelyLocale(this, 'maximize'); },
    minimize() { return likelyLocale(this, 'minimize'); },
    get language() { return localeField(this, 'language'); },
    get script() { return localeField(this, 'script'); },
    get region() { return localeField(this, 'region'); },
    get baseName() { return localeField(this, 'baseName'); },
    get calendar() { return localeField(this, 'calendar', 'ca'); },
    get caseFirst() {
        const value = localeField(this, 'caseFirst', 'kf');
        return value === 'true' ? '' : value;
    },
    get collation() { return localeField(this, 'collation', 'co'); },
    get hourCycle() { return localeField(this, 'hourCycle', 'hc'); },
    get numeric() { return localeField(this, 'numeric', 'kn') === 'true'; },
    get numberingSystem() { return localeField(this, 'numberingSystem', 'nu'); },
    get calendars() { return localeValues(this, 'calendars'); },
    get collations() { return localeValues(this, 'collations'); },
    get hourCycles() { return localeValues(this, 'hourCycles'); },
    get numberingSystems() { return localeValues(this, 'numberingSystems'); },
    get textInfo() { return { direction: localeValues(this, 'textInfo') }; },
    get timeZones() { return localeValues(this, 'timeZones') ?? undefined; },
    get weekInfo() {
        const [firstDay, minimalDays, ...weekend] = localeValues(this, 'weekInfo');
        return { firstDay, weekend, minimalDays };
    },
});

const intl = {};
methodsOf(intl, {
    getCanonicalLocales(locales) { return canonicalLocales(locales); },
    supportedValuesOf(key) {
        const text = toText(key);
        const list = text === 'unit' ? [...UNITS] : ask('values', wired(text));
        if (list === null) throw rangeError(`Invalid key : ${text}`);
        return list;
    },
});
for (const Class of [DateTimeFormat, NumberFormat, Collator, PluralRules, RelativeTimeFormat, ListFormat, Locale, DisplayNames, Segmenter]) {
    defineProperty(intl, Class.name, hidden(Class));
}
defineProperty(intl, Symbol.toStringTag, { value: 'Intl', configurable: true });
defineProperty(globalThis, 'Intl', hidden(intl));

// The last formats of methods that make one at each call, which loops do.
function remembering(make) {
    let [lastLocales, last] = [undefined, undefined];
    return (locales, options) => {
        if (options !== undefined || (locales !== undefined && typeof locales !== 'string')) return make(locales, options);
        if (!last || lastLocales !== locales) [last, lastLocales] = [make(locales, options), locales];
        return last;
    };
}

const numberValue = bound(asNumber.prototype.valueOf);
const bigIntValue = bound(toBigInt.prototype.valueOf);
const timeValue = bound(Date.prototype.getTime);
const numberFormats = remembering((locales, options) => makeNumberFormat(locales, options, 'Number.prototype.toLocaleString'));
const bigIntFormats = remembering((locales, options) => makeNumberFormat(locales, options, 'BigInt.prototype.toLocaleString'));
const collators = remembering((locales, options) => makeCollator(locales, options, 'String.prototype.localeCompare'));

function valueFor(receiver, value, message) {
    try {
        return value(receiver);
    } catch {
        throw typeError(message);
    }
}

methodsOf(asNumber.prototype, {
    toLocaleString() {
        const number = valueFor(this, numberValue, "Number.prototype.toLocaleString requires that 'this' be a Number");
        return formatNumber(numberFormats(arguments[0], arguments[1]), number);
    },
});
methodsOf(toBigInt.prototype, {
    toLocaleString() {
        const number = valueFor(this, bigIntValue, "BigInt.prototype.toLocaleString requires that 'this' be a BigInt");
        return formatNumber(bigIntFormats(arguments[0], arguments[1]), number);
    },
});

function dateMethod(name, required, defaults) {
    const method = `Date.prototype.${name}`;
    const formats = remembering((locales, options) => {
        const slot = makeDateFormat(locales, options, required, defaults, method);
        return slot;
    });
    methodsOf(Date.prototype, {
        [name]() {
            let time;
            try {
                time = timeValue(this);
            } catch {
                throw incompatible(method, this);
            }
            if (isNaN(time)) return 'Invalid Date';
            return formatDate(formats(arguments[0], arguments[1]), time);
        },
    });
}

dateMethod('toLocaleString', 'any', 'all');
dateMethod('toLocaleDateString', 'date', 'date');
dateMethod('toLocaleTimeString', 'time', 'time');

function textFor(receiver, name) {
    if (receiver === undefined || receiver === null) throw typeError(`String.prototype.${name} called on null or undefined`);
    return toText(receiver);
}

const SPECIAL_CASES = ['tr', 'el', 'lt', 'az'];
const splitText = bound(String.prototype.split);

function changeCase(text, locales, isUpper) {
    // Only the first locale counts, and is looked at.
    const first = isArray(locales) && locales.length > 1 ? [locales[0]] : locales;
    const tag = first === undefined ? 'en' : canonicalLocales(first)[0] ?? 'en';
    const language = splitText(tag, '-')[0];
    if (listIncludes(SPECIAL_CASES, language)) return ask('case', `"${language}",${isUpper},${wired(text)}`);
    return isUpper ? upperCase(text) : lowerCase(text);
}

methodsOf(String.prototype, {
    localeCompare(that) {
        const text = textFor(this, 'localeCompare');
        const other = toText(that);
        return compareTexts(collators(arguments[1], arguments[2]), text, other);
    },
    toLocaleUpperCase() { return changeCase(textFor(this, 'toLocaleUpperCase'), arguments[0], true); },
    toLocaleLowerCase() { return changeCase(textFor(this, 'toLocaleLowerCase'), arguments[0], false); },
});

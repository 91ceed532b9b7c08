// ---- Intl.Collator, RelativeTimeFormat, ListFormat, DisplayNames and Segmenter

function makeCollator(locales, given, service) {
    const requested = canonicalLocales(locales);
    const options = coerceOptions(given, service);
    const usage = textOption(options, 'usage', ['sort', 'search'], service, 'sort');
    matcherOption(options, service);
    const collation = typeOption(options, 'collation');
    const numeric = booleanOption(options, 'numeric');
    const caseFirst = textOption(options, 'caseFirst', ['upper', 'lower', 'false'], service);
    const sensitivity = textOption(options, 'sensitivity', ['base', 'accent', 'case', 'variant'], service, '');
    const ignorePunctuation = booleanOption(options, 'ignorePunctuation');
    const request = wired([requested, usage, collation, numeric, caseFirst, sensitivity, ignorePunctuation]);
    const isPlain = usage === 'sort' && collation === undefined && !numeric && (caseFirst ?? 'false') === 'false' && !ignorePunctuation
        && (sensitivity === '' || sensitivity === 'variant');
    return { __proto__: null, kind: 'Collator', request, isQuick: isPlain && listIncludes(QUICK, requested[0] ?? 'en-US'), compare: undefined };
}

// Locales in which ASCII is in the order of the root locale.
const QUICK = ['en-US', 'en', 'fr', 'es', 'de', 'pt', 'it', 'ca', 'de-AT', 'fi', 'id', 'id-ID', 'ms', 'nl', 'pl', 'ro', 'sl', 'sv', 'sw', 'vi',
    'en-DE', 'en-GB'];
// ASCII in the order of the root locale; capitals follow their small letters.
const ROOT_ORDER = '_-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz';
const WEIGHTS = (() => {
    const weights = new Uint8Array(128);
    for (let at = 0; at < ROOT_ORDER.length; at++) weights[ROOT_ORDER.charCodeAt(at)] = at + 2;
    for (let code = 65; code <= 90; code++) weights[code] = weights[code + 32];
    weights[32] = 1;
    return weights;
})();

// The order of texts that are ASCII without control characters; undefined for others.
function quickOrder(one, other) {
    const shorter = min(one.length, other.length);
    let first = 0;
    let third = 0;
    let at = 0;
    for (; at < shorter; at++) {
        const [a, b] = [codeAt(one, at), codeAt(other, at)];
        const [x, y] = [WEIGHTS[a], WEIGHTS[b]];
        if (!x || !y) return undefined;
        if (first === 0 && x !== y) first = x < y ? -1 : 1;
        if (third === 0 && a !== b) third = a > b ? -1 : 1;
    }
    const longer = one.length > other.length ? one : other;
    for (; at < longer.length; at++) if (!WEIGHTS[codeAt(longer, at)]) return undefined;
    if (first !== 0) return first;
    if (one.length !== other.length) return one.length < other.length ? -1 : 1;
    return third;
}

function compareTexts(slot, one, other) {
    if (one === other) return 0;
    const order = slot.isQuick && one.length + other.length < 2000 ? quickOrder(one, other) : undefined;
    return order ?? ask('compare', `${slot.request},${stringify(one)},${stringify(other)}`);
}

function Collator(locales, options) {
    const slot = makeCollator(locales, options, 'Intl.Collator');
    const newTarget = new.target ?? Collator;
    return setSlot(makeObject(hasOwnPrototype(newTarget, Collator.prototype)), slot);
}

finishClass(Collator, 0, 'collator', {
    resolvedOptions() {
        const slot = slotFor(this, 'Collator', 'resolvedOptions');
        const [locale, usage, sensitivity, ignorePunctuation, collation, numeric, caseFirst] = ask('collator', slot.request);
        return { locale, usage, sensitivity, ignorePunctuation, collation, numeric, caseFirst };
    },
    get compare() {
        const slot = slotOf(this);
        if (slot?.kind !== 'Collator') throw incompatible('get Intl.Collator.prototype.compare', this);
        return slot.compare ??= nameless((one, other) => compareTexts(slot, toText(one), toText(other)));
    },
});

function RelativeTimeFormat(locales, given) {
    needsNew(new.target, 'RelativeTimeFormat');
    const service = 'Intl.RelativeTimeFormat';
    const requested = canonicalLocales(locales);
    const options = coerceOptions(given, service);
    matcherOption(options, service);
    const system = typeOption(options, 'numberingSystem');
    const style = textOption(options, 'style', ['long', 'short', 'narrow'], service, 'long');
    const numeric = textOption(options, 'numeric', ['always', 'auto'], service, 'always');
    const request = wired([requested, system, style]);
    const { 0: locale, 1: numberingSystem } = ask('relative', `${request},"resolve"`);
    const slot = { __proto__: null, kind: 'RelativeTimeFormat', request, locale, style, numeric, numberingSystem };
    return setSlot(makeObject(hasOwnPrototype(new.target, RelativeTimeFormat.prototype)), slot);
}

const TIME_UNITS = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year'];

function relativeTime(slot, value, unit, how, method) {
    const number = toNumber(value);
    const text = toText(unit);
    if (!isFinite(number)) throw rangeError(`Value need to be finite number for Intl.RelativeTimeFormat.prototype.${method}()`);
    const single = text[text.length - 1] === 's' ? textSlice(text, 0, -1) : text;
    if (!listIncludes(TIME_UNITS, single)) throw rangeError(`Invalid unit argument for Intl.RelativeTimeFormat.prototype.${method}() '${text}'`);
    return ask('relative', `${slot.request},"${how}",${wired(number)},"${single}",${slot.numeric === 'always'}`);
}

finishClass(RelativeTimeFormat, 0, 'any', {
    resolvedOptions() {
        const { locale, style, numeric, numberingSystem } = slotFor(this, 'RelativeTimeFormat', 'resolvedOptions');
        return { locale, style, numeric, numberingSystem };
    },
    format(value, unit) {
        return relativeTime(slotFor(this, 'RelativeTimeFormat', 'format'), value, unit, 'text', 'format');
    },
    formatToParts(value, unit) {
        return partsOf(relativeTime(slotFor(this, 'RelativeTimeFormat', 'formatToParts'), value, unit, 'parts', 'formatToParts'), 'unit');
    },
});

function ListFormat(locales, given) {
    needsNew(new.target, 'ListFormat');
    const service = 'Intl.ListFormat';
    const requested = canonicalLocales(locales);
    const options = optionsObject(given);
    matcherOption(options, service);
    const type = textOption(options, 'type', ['conjunction', 'disjunction', 'unit'], service, 'conjunction');
    const style = textOption(options, 'style', ['long', 'short', 'narrow'], service, 'long');
    const locale = ask('resolve', wiredAll(['list', requested]));
    const slot = { __proto__: null, kind: 'ListFormat', request: wired([locale, type, style]), locale, type, style };
    return setSlot(makeObject(hasOwnPrototype(new.target, ListFormat.prototype)), slot);
}

function textsOf(iterable) {
    if (iterable === undefined) return [];
    if (iterable === null || typeof iterable?.[Symbol.iterator] !== 'function') {
        throw typeError(`${iterable === null ? 'object null' : `${typeof iterable} ${shown(iterable)}`} is not iterable (cannot read property Symbol(Symbol.iterator))`);
    }
    const texts = [];
    for (const text of iterable) {
        if (typeof text !== 'string') throw typeError(`Iterable yielded ${shown(text)} which is not a string`);
        push(texts, text);
    }
    return texts;
}

finishClass(ListFormat, 0, 'list', {
    resolvedOptions() {
        const { locale, type, style } = slotFor(this, 'ListFormat', 'resolvedOptions');
        return { locale, type, style };
    },
    format(list) {
        const slot = slotFor(this, 'ListFormat', 'format');
        return ask('list', `${slot.request},"text",${wired(textsOf(list))}`);
    },
    formatToParts(list) {
        const slot = slotFor(this, 'ListFormat', 'formatToParts');
        return partsOf(ask('list', `${slot.request},"parts",${wired(textsOf(list))}`));
    },
});

function DisplayNames(locales, given) {
    needsNew(new.target, 'DisplayNames');
    const service = 'Intl.DisplayNames';
    const requested = canonicalLocales(locales);
    const options = optionsObject(given);
    matcherOption(options, service);
    const style = textOption(options, 'style', ['long', 'short', 'narrow'], service, 'long');
    const type = textOption(options, 'type', ['language', 'region', 'script', 'currency', 'calendar', 'dateTimeField'], service);
    if (type === undefined) throw typeError('invalid_argument');
    const fallback = textOption(options, 'fallback', ['code', 'none'], service, 'code');
    const languageDisplay = textOption(options, 'languageDisplay', ['dialect', 'standard'], service, 'dialect');
    const locale = ask('resolve', wiredAll(['names', requested]));
    const request = `${wired(locale)},"${style}","${type}",${fallback === 'code'},${type === 'language' && languageDisplay === 'dialect'}`;
    const slot = { __proto__: null, kind: 'DisplayNames', request, locale, style, type, fallback, languageDisplay };
    return setSlot(makeObject(hasOwnPrototype(new.target, DisplayNames.prototype)), slot);
}

finishClass(DisplayNames, 2, 'names', {
    resolvedOptions() {
        const { locale, style, type, fallback, languageDisplay } = slotFor(this, 'DisplayNames', 'resolvedOptions');
        const result = { locale, style, type, fallback };
        if (type === 'language') result.languageDisplay = languageDisplay;
        return result;
    },
    of(code) {
        const slot = slotFor(this, 'DisplayNames', 'of');
        return ask('names', `${slot.request},${wired(toText(code))}`) ?? undefined;
    },
});

function Segmenter(locales, given) {
    needsNew(new.target, 'Segmenter');
    const service = 'Intl.Segmenter';
    const requested = canonicalLocales(locales);
    const options = optionsObject(given);
    matcherOption(options, service);
    const granularity = textOption(options, 'granularity', ['grapheme', 'word', 'sentence'], service, 'grapheme');
    const locale = ask('resolve', wiredAll(['any', requested]));
    const slot = { __proto__: null, kind: 'Segmenter', request: wired([locale, granularity]), locale, granularity };
    return setSlot(makeObject(hasOwnPrototype(new.target, Segmenter.prototype)), slot);
}

// One segment, as a program sees it.
function segmentAt(slot, at) {
    const end = slot.ends[at];
    const index = at ? asEnd(slot.ends[at - 1]) : 0;
    const segment = { segment: textSlice(slot.text, index, asEnd(end)), index, input: slot.text };
    if (slot.isWords) segment.isWordLike = end < 0;
    return segment;
}

const asEnd = (end) => (end < 0 ? -end : end);

const segmentsPrototype = {};
methodsOf(segmentsPrototype, {
    containing(position) {
        const slot = slotOf(this);
        if (slot?.kind !== 'Segments') throw incompatible('%SegmentsPrototype%.containing', this);
        const index = trunc(toNumber(position)) || 0;
        if (index < 0 || index >= slot.text.length) return undefined;
        let [low, high] = [0, slot.ends.length - 1];
        while (low < high) {
            const middle = floor((low + high) / 2);
            if (asEnd(slot.ends[middle]) > index) high = middle;
            else low = middle + 1;
        }
        return segmentAt(slot, low);
    },
    [Symbol.iterator]() {
        const slot = slotOf(this);
        if (slot?.kind !== 'Segments') throw incompatible('%SegmentsPrototype%[Symbol.iterator]', this);
        return setSlot(makeObject(segmentIterator), { __proto__: null, kind: 'SegmentIterator', segments: slot, next: 0 });
    },
});

const segmentIterator = makeObject(getPrototypeOf(getPrototypeOf([][Symbol.iterator]())));
methodsOf(segmentIterator, {
    next() {
        const slot = slotOf(this);
        if (slot?.kind !== 'SegmentIterator') throw incompatible('%SegmentIterator.prototype%.next', this);
        if (slot.next >= slot.segments.ends.length) return { value: undefined, done: true };
        return { value: segmentAt(slot.segments, slot.next++), done: false };
    },
});
defineProperty(segmentIterator, Symbol.toStringTag, { value: 'Segmenter String Iterator', configurable: true });

finishClass(Segmenter, 0, 'any', {
    resolvedOptions() {
        const { locale, granularity } = slotFor(this, 'Segmenter', 'resolvedOptions');
        return { locale, granularity };
    },
    segment(input) {
        const slot = slotFor(this, 'Segmenter', 'segment');
        const text = toText(input);
        const ends = ask('segments', `${slot.request},${wired(text)}`);
        return setSlot(makeObject(segmentsPrototype), { __proto__: null, kind: 'Segments', text, ends, isWords: slot.granularity === 'word' });
    },
});

// ---- Intl.DateTimeFormat

// Each component with its values and their letters in a pattern; `j` stands for the letter of hours.
const COMPONENTS = [
    ['weekday', { __proto__: null, narrow: 'EEEEE', long: 'EEEE', short: 'EEE' }],
    ['era', { __proto__: null, narrow: 'GGGGG', long: 'GGGG', short: 'GGG' }],
    ['year', { __proto__: null, '2-digit': 'yy', numeric: 'y' }],
    ['month', { __proto__: null, narrow: 'MMMMM', long: 'MMMM', short: 'MMM', '2-digit': 'MM', numeric: 'M' }],
    ['day', { __proto__: null, '2-digit': 'dd', numeric: 'd' }],
    ['dayPeriod', { __proto__: null, narrow: 'BBBBB', long: 'BBBB', short: 'B' }],
    ['hour', { __proto__: null, '2-digit': 'jj', numeric: 'j' }],
    ['minute', { __proto__: null, '2-digit': 'mm', numeric: 'm' }],
    ['second', { __proto__: null, '2-digit': 'ss', numeric: 's' }],
    ['timeZoneName', { __proto__: null, long: 'zzzz', short: 'z', longOffset: 'OOOO', shortOffset: 'O', longGeneric: 'vvvv', shortGeneric: 'v' }],
];

// What a pattern says about the components, in the order in which V8 looks.
const PATTERNS = [
    ['weekday', ['EEEEE', 'narrow', 'EEEE', 'long', 'EEE', 'short', 'ccccc', 'narrow', 'cccc', 'long', 'ccc', 'short']],
    ['era', ['GGGGG', 'narrow', 'GGGG', 'long', 'GGG', 'short']],
    ['year', ['yy', '2-digit', 'y', 'numeric']],
    ['month', ['MMMMM', 'narrow', 'MMMM', 'long', 'MMM', 'short', 'MM', '2-digit', 'M', 'numeric', 'LLLLL', 'narrow', 'LLLL', 'long', 'LLL', 'short',
        'LL', '2-digit', 'L', 'numeric']],
    ['day', ['dd', '2-digit', 'd', 'numeric']],
    ['dayPeriod', ['BBBBB', 'narrow', 'bbbbb', 'narrow', 'BBBB', 'long', 'bbbb', 'long', 'B', 'short', 'b', 'short']],
    ['hour', ['HH', '2-digit', 'H', 'numeric', 'hh', '2-digit', 'h', 'numeric', 'kk', '2-digit', 'k', 'numeric', 'KK', '2-digit', 'K', 'numeric']],
    ['minute', ['mm', '2-digit', 'm', 'numeric']],
    ['second', ['ss', '2-digit', 's', 'numeric']],
    ['timeZoneName', ['zzzz', 'long', 'z', 'short', 'OOOO', 'longOffset', 'O', 'shortOffset', 'vvvv', 'longGeneric', 'v', 'shortGeneric']],
];

const CYCLES = ['h11', 'h12', 'h23', 'h24'];
const STYLES = ['full', 'long', 'medium', 'short'];
const DATE_PARTS = ['weekday', 'year', 'month', 'day'];
const TIME_PARTS = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits'];

// `required` and `defaults`: `date`, `time`, or `any` and `all`.
function makeDateFormat(locales, given, required, defaults, service) {
    const requested = canonicalLocales(locales);
    const options = coerceOptions(given, service);
    matcherOption(options, service);
    const calendar = typeOption(options, 'calendar');
    const system = typeOption(options, 'numberingSystem');
    const hour12 = booleanOption(options, 'hour12');
    const hourCycle = textOption(options, 'hourCycle', CYCLES, service);
    const { timeZone } = options;
    const zone = timeZone === undefined ? undefined : toText(timeZone);
    if (zone !== undefined && ask('zone', wired(zone)) === null) throw rangeError(`Invalid time zone specified: ${zone}`);
    let skeleton = '';
    const present = [];
    for (let at = 0; at < COMPONENTS.length; at++) {
        const { 0: name, 1: values } = COMPONENTS[at];
        if (name === 'timeZoneName') {
            const digits = numberIn(options.fractionalSecondDigits, 1, 3, 0, 'fractionalSecondDigits');
            if (digits) push(present, 'fractionalSecondDigits');
            skeleton += textSlice('SSS', 0, digits);
        }
        const value = textOption(options, name);
        if (value === undefined) continue;
        if (values[value] === undefined) throw rangeError(`Value ${value} out of range for ${service} options property ${name}`);
        push(present, name);
        skeleton += values[value];
    }
    textOption(options, 'formatMatcher', ['best fit', 'basic'], service);
    const dateStyle = textOption(options, 'dateStyle', STYLES, service, '');
    const timeStyle = textOption(options, 'timeStyle', STYLES, service, '');
    let more = '';
    if (dateStyle || timeStyle) {
        if (present.length) throw typeError('Invalid option : option');
        if (required === 'date' && timeStyle) throw typeError('Invalid option : timeStyle');
        if (required === 'time' && dateStyle) throw typeError('Invalid option : dateStyle');
    } else {
        let needsDefaults = true;
        for (let at = 0; at < present.length; at++) {
            if (required !== 'time' && listIncludes(DATE_PARTS, present[at])) needsDefaults = false;
            if (required !== 'date' && listIncludes(TIME_PARTS, present[at])) needsDefaults = false;
        }
        if (needsDefaults && defaults !== 'time') more += 'yMd';
        if (needsDefaults && defaults !== 'date') more += 'jms';
    }
    const request = wired([requested, calendar, system, hour12, hourCycle ?? '', zone, skeleton, listIncludes(present, 'hour'), more, dateStyle, timeStyle]);
    return { __proto__: null, kind: 'DateTimeFormat', request, dateStyle, timeStyle, resolved: undefined, format: undefined };
}

function timeOf(value) {
    const time = value === undefined ? timeNow() : toNumber(value);
    if (!(time >= -864e13 && time <= 864e13)) throw rangeError('Invalid time value');
    return trunc(time) + 0;
}

const formatDate = (slot, value) => ask('date.format', `${slot.request},"text",${timeOf(value)}`);

function dateRange(slot, start, end, how) {
    if (start === undefined || end === undefined) throw typeError('Invalid time value');
    const [from, to] = [toNumber(start), toNumber(end)];
    return ask('date.format', `${slot.request},"${how}",${timeOf(from)},${timeOf(to)}`);
}

function DateTimeFormat(locales, options) {
    const slot = makeDateFormat(locales, options, 'any', 'date', 'Intl.DateTimeFormat');
    slot.resolved = ask('date', slot.request);
    return legacyResult(this, new.target, DateTimeFormat, slot);
}

const unwrapDates = (receiver) => typeError(`Method UnwrapDateTimeFormat called on incompatible receiver ${shown(receiver)}`);
const dateSlot = (receiver, method) => {
    const slot = legacySlot(receiver, 'DateTimeFormat', DateTimeFormat, unwrapDates);
    if (slot === undefined) throw incompatible(method, receiver);
    return slot;
};

finishClass(DateTimeFormat, 0, 'date', {
    resolvedOptions() {
        const slot = dateSlot(this, 'Intl.DateTimeFormat.prototype.resolvedOptions');
        const [locale, calendar, numberingSystem, timeZone, hourCycle, pattern] = slot.resolved;
        const result = { locale, calendar, numberingSystem, timeZone };
        if (hourCycle) {
            result.hourCycle = hourCycle;
            result.hour12 = hourCycle === 'h11' || hourCycle === 'h12';
        }
        if (!slot.dateStyle && !slot.timeStyle) {
            for (let at = 0; at < PATTERNS.length; at++) {
                const { 0: name, 1: letters } = PATTERNS[at];
                if (name === 'timeZoneName') {
                    let digits = 0;
                    for (let i = 0; i < pattern.length && digits < 3; i++) if (pattern[i] === 'S') digits++;
                    if (digits) result.fractionalSecondDigits = digits;
                }
                for (let i = 0; i < letters.length; i += 2) {
                    if (!textIncludes(pattern, letters[i])) continue;
                    result[name] = letters[i + 1];
                    break;
                }
            }
        }
        if (slot.dateStyle) result.dateStyle = slot.dateStyle;
        if (slot.timeStyle) result.timeStyle = slot.timeStyle;
        return result;
    },
    formatToParts(date) {
        const slot = slotFor(this, 'DateTimeFormat', 'formatToParts');
        return partsOf(ask('date.format', `${slot.request},"parts",${timeOf(date)}`));
    },
    get format() {
        const slot = dateSlot(this, 'get Intl.DateTimeFormat.prototype.format');
        return slot.format ??= nameless((date) => formatDate(slot, date));
    },
    formatRange(start, end) {
        return dateRange(slotFor(this, 'DateTimeFormat', 'formatRange'), start, end, 'text');
    },
    formatRangeToParts(start, end) {
        return partsOf(dateRange(slotFor(this, 'DateTimeFormat', 'formatRangeToParts'), start, end, 'parts'), 'source');
    },
});

const { DateTime, Duration, Interval, Settings } = require('luxon');
const { formatInTimeZone, toZonedTime, fromZonedTime, getTimezoneOffset, format } = require('date-fns-tz');
const { Temporal, Intl: TemporalIntl } = require('temporal-polyfill');
const dayjs = require('dayjs');
dayjs.extend(require('dayjs/plugin/utc'));
dayjs.extend(require('dayjs/plugin/timezone'));
dayjs.extend(require('dayjs/plugin/relativeTime'));
exports.onExecutePostLogin = async () => {
  const at = DateTime.fromISO('2024-03-10T01:30:00', { zone: 'America/New_York' });
  console.log(at.toISO(), at.plus({ hours: 1 }).toISO(), at.plus({ days: 1 }).toFormat("cccc d MMMM yyyy HH:mm ZZZZ '('z')'"), at.offsetNameLong, at.isInDST);
  for (const locale of ['de', 'fr', 'ja', 'ar', 'pt-BR']) console.log(at.setLocale(locale).toLocaleString(DateTime.DATETIME_HUGE), at.setLocale(locale).toRelative({ base: at.plus({ days: 3 }) }), at.setLocale(locale).monthLong);
  console.log(Duration.fromObject({ hours: 25, minutes: 3 }).normalize().toHuman(), Interval.fromDateTimes(at, at.plus({ weeks: 1 })).length('days'), DateTime.fromFormat('5 mai 2024', 'd MMMM yyyy', { locale: 'fr' }).toISODate());
  console.log(DateTime.fromISO('nope').invalidReason, DateTime.fromISO('2024-01-01', { zone: 'Mars/Base' }).invalidExplanation, Settings.defaultZone.name);
  const date = new Date('2024-07-15T12:34:56Z');
  console.log(formatInTimeZone(date, 'Asia/Kolkata', 'yyyy-MM-dd HH:mm:ss zzz'), formatInTimeZone(date, 'America/New_York', 'zzzz XXX'), getTimezoneOffset('Europe/Berlin', date), fromZonedTime('2024-10-27 02:30', 'Europe/Berlin').toISOString());
  console.log(toZonedTime(date, 'Pacific/Auckland').toISOString(), format(toZonedTime(date, 'Asia/Tokyo'), 'PPPPpppp', { timeZone: 'Asia/Tokyo' }));
  const zoned = Temporal.ZonedDateTime.from('2024-03-10T01:30[America/New_York]');
  console.log(zoned.add({ hours: 1 }).toString(), zoned.hoursInDay, zoned.until('2024-12-25T00:00[America/New_York]', { largestUnit: 'month' }).toString(), zoned.toLocaleString('de-DE', { dateStyle: 'full' }));
  console.log(Temporal.PlainDate.from('2024-02-29').add({ years: 1 }).toString(), Temporal.Duration.from('PT90M').round({ largestUnit: 'hour' }).toString(), Temporal.Instant.from('1970-01-01T00:00:01Z').epochMilliseconds);
  console.log(Temporal.PlainDate.from({ year: 2024, monthCode: 'M05', day: 1, calendar: 'gregory' }).withCalendar('iso8601').toString(), new TemporalIntl.DateTimeFormat('en-US', { calendar: 'gregory' }).format(Temporal.PlainDate.from('2024-05-06')));
  try { Temporal.PlainDate.from('2024-13-01'); } catch (error) { console.log(error.name, error.message); }
  console.log(dayjs('2024-03-10').tz('America/Los_Angeles').format('YYYY-MM-DDTHH:mm:ssZ'), dayjs.utc('2024-01-31').add(1, 'month').format(), dayjs('2024-01-01').to('2024-01-03'), dayjs('x').isValid());
};

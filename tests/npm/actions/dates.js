const { format, addDays, differenceInCalendarDays, parseISO } = require('date-fns');
const { DateTime, Duration } = require('luxon');
exports.onExecutePostLogin = async () => {
  const day = parseISO('2026-01-31T10:00:00Z');
  console.log(format(addDays(day, 1), 'yyyy-MM-dd HH:mm'), differenceInCalendarDays(day, new Date(0)), format(day, 'EEEE do MMMM'));
  const time = DateTime.fromISO('2026-07-01T12:00:00Z', { zone: 'utc' });
  console.log(time.plus({ days: 40 }).toISO(), time.toFormat('cccc d LLLL yyyy'), time.setZone('Europe/Berlin').toISO());
  console.log(Duration.fromObject({ hours: 49 }).shiftTo('days', 'hours').toObject(), time.diff(DateTime.fromMillis(0), 'days').days);
};

/** Times of the week: `mon-fri 09:00-17:00`, `sat,sun`, `22:00-06:00`. */

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

export interface TimeOfWeek {
  /** 0 is Monday. */
  readonly day: number;
  /** Since midnight, 0 to 1439. */
  readonly minute: number;
}

interface Window {
  readonly days: readonly number[];
  /** Minutes since midnight. An end that is not after the start is one of the next day. */
  readonly from: number;
  readonly to: number;
}

/** Null when it cannot be read. Days without hours are whole days, hours without days every day's. */
export function windowOf(text: string): Window | null {
  const [, days, hours] = /^([a-z,-]+)?(?:(?:^|\s+)(\d\d:\d\d-\d\d:\d\d))?$/.exec(text.trim().toLowerCase()) ?? [];
  if (days === undefined && hours === undefined) return null;
  const numbers = days === undefined ? DAYS.map((_day, index) => index) : daysOf(days);
  const [from, to] = (hours ?? '00:00-24:00').split('-').map(minuteOf);
  if (numbers === null || from === undefined || to === undefined) return null;
  return Number.isNaN(from) || Number.isNaN(to) || from === 24 * 60 ? null : { days: numbers, from, to };
}

function daysOf(text: string): readonly number[] | null {
  const parts = text.split(',').map((part) => {
    const [first = '', last = first, ...more] = part
      .split('-')
      .map((day) => DAYS.indexOf(day as (typeof DAYS)[number]));
    if (first === -1 || last === -1 || first === '' || last === '' || more.length > 0) return null;
    const count = ((last - first + 7) % 7) + 1;
    return Array.from({ length: count }, (_, index) => (first + index) % 7);
  });
  return parts.every((part) => part !== null) ? parts.flat() : null;
}

function minuteOf(text: string): number {
  const [hour = NaN, minute = NaN] = text.split(':').map(Number);
  return minute < 60 && hour * 60 + minute <= 24 * 60 ? hour * 60 + minute : NaN;
}

/** Whether the time is in the window; its end is not. */
export function isWithin(window: Window, { day, minute }: TimeOfWeek): boolean {
  const { days, from, to } = window;
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
}

/** What a clock on the wall shows there. Rules of zones are those of the running Node, which change a few times a year. */
export function timeOfWeek(ms: number, zone: string): TimeOfWeek {
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(clock.formatToParts(ms).map(({ type, value }) => [type, value]));
  const day = DAYS.findIndex((name) => name === parts.get('weekday')?.toLowerCase());
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}

/** IANA names, as `America/New_York`; offsets like `+02:00` are none. */
export function isZone(zone: string): boolean {
  try {
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en-US', { timeZone: zone }).format(0) !== '';
  } catch {
    return false;
  }
}

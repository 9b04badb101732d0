/** The customer's server, as errands of scripts meet it: a few pages, and what can go wrong on the way to them. */
import type { Exchange } from '../activities/errands';
import type { Clock } from '../simulator/carrier/world';
import { currentAttempt } from './attempts';
import type { Chance } from './chance';
import { CUSTOMER_FAULTS } from './faults';

export const CUSTOMER = 'https://shop.example.com';
/** A number that may not be dialed; one of its documents tries. */
export const PREMIUM = '+19005550123';

type Answer = Awaited<ReturnType<Exchange>>;

const document = (verbs: string): Answer => ({ status: 200, body: `<Response>${verbs}</Response>` });

/** By path; `digits` is what was pressed. Everything else is not found. */
const PAGES: Readonly<Record<string, (digits: string) => Answer>> = {
  '/balance': () => ({ status: 200, body: '{"account":{"balance":12.5}}' }),
  '/answers': () => ({ status: 201, body: '' }),
  '/first': () =>
    document(
      '<Say>Welcome.</Say><Gather input="dtmf speech" numDigits="1" timeout="3" action="menu"><Say>1 or 2?</Say></Gather><Redirect>last</Redirect>',
    ),
  '/menu': (digits) =>
    digits === '1'
      ? document('<Say>One it is.</Say><Record maxLength="5" timeout="2" action="/last"/>')
      : document(`<Say>You pressed ${digits || 'nothing'}.</Say><Redirect method="GET">${CUSTOMER}/last</Redirect>`),
  '/last': () => document('<Say>That was all.</Say><Hangup/>'),
  '/fallback': () => document('<Say>Our other server speaks.</Say>'),
  '/self': () => document('<Redirect>self</Redirect>'),
  '/premium': () => document(`<Say>You will pay for this.</Say><Dial>${PREMIUM}</Dial>`),
  '/page': () => ({ status: 200, body: '<html><body>Shop</body></html>' }),
};

/** What the server answers when all is well. */
export function pageAt(url: URL, form: string): Answer {
  const fields = new URLSearchParams([...url.searchParams, ...new URLSearchParams(form)]);
  return PAGES[url.pathname]?.(fields.get('Digits') ?? '') ?? { status: 404, body: '' };
}

export interface CustomerDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  /** How likely a request is to meet a fault. */
  readonly faulty: number;
}

export function createCustomer({ clock, chance, faulty }: CustomerDeps): Exchange {
  let asked = 0;
  return async (url, { body, limitMs }) => {
    const attempt = currentAttempt();
    await attempt.running();
    const occasion = `customer ${++asked}`;
    const fault = chance.fault(occasion, faulty, CUSTOMER_FAULTS);
    const travelMs = chance.draws(`${occasion}, travel`).between(20, 200);
    const { afterMs, answer } = fault?.row.make(fault.draws) ?? { afterMs: 0, answer: null };
    const isLate = travelMs + afterMs >= limitMs;
    await new Promise<void>((resolve) => void clock.after(isLate ? limitMs : travelMs + afterMs, resolve));
    await attempt.running();
    if (isLate) throw new Error('no answer in time');
    return answer ?? pageAt(url, body ?? '');
  };
}

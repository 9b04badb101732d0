/** TeXML in virtual time: a document, who listens, and what is heard. */
import { playOffline } from '../../../simulator/texml/offline';
import { phones } from '../../../simulator/phones';
import type { OfflinePlay, OfflineResult } from '../../../simulator/texml/offline';

/** Documents of a server by their path; `fields` of the requests are kept. */
type Site = Readonly<Record<string, string>>;

async function played(play: Omit<OfflinePlay, 'fetch'>, site: Site = {}) {
  const asked: Record<string, string>[] = [];
  const result = await playOffline({
    base: 'http://flow.test/first',
    ...play,
    texml: `<Response>${play.texml}</Response>`,
    fetch: ({ url, method, fields }) => {
      const path = new URL(url).pathname;
      asked.push({ ...fields, path, method });
      const body = site[path];
      return body === undefined ? { status: 404, body: '' } : { status: 200, body: `<Response>${body}</Response>` };
    },
  });
  return { ...result, asked };
}

/** `says Hello`, without the beginning and the end that every call has. */
const story = ({ transcript }: OfflineResult): readonly string[] =>
  transcript
    .map(({ does, text }) => `${does} ${text}`.trim())
    .filter((line) => !/^(calls|answers|ends the call)/.test(line));

const end = 'hangs up it came to its end';
const menu = '<Gather numDigits="1" action="/menu"><Say>Press 1.</Say></Gather>';

describe('a document', () => {
  const stories: readonly (readonly [
    name: string,
    play: Omit<OfflinePlay, 'fetch'>,
    site: Site,
    heard: readonly string[],
  ])[] = [
    [
      'speaks in order',
      { texml: '<Say>One</Say><Pause length="2"/><Play>a.mp3</Play>' },
      {},
      ['says One', 'pauses 2 s', 'plays a.mp3', end],
    ],
    ['says nothing for an empty Say', { texml: '<Say/><Say> </Say>' }, {}, [end]],
    [
      'speaks the text of SSML',
      { texml: '<Say>You owe <emphasis>ten</emphasis> dollars</Say>' },
      {},
      ['says You owe ten dollars', end],
    ],
    ['keeps a number as it is written', { texml: '<Say>+0015</Say>' }, {}, ['says +0015', end]],
    ['plays tones', { texml: '<Play digits="1w2"/>' }, {}, ['presses 1w2', end]],
    ['hangs up where it says so', { texml: '<Hangup/><Say>Never</Say>' }, {}, ['hangs up']],
    [
      'rejects an answered call by ending it',
      { texml: '<Reject reason="busy"/><Say>Never</Say>' },
      {},
      ['rejects busy'],
    ],
    [
      'takes a key to its action',
      { texml: menu, presses: ['1'] },
      { '/menu': '<Say>Thanks</Say>' },
      ['says Press 1.', 'presses 1', 'fetches POST http://flow.test/menu Digits=1 → 200', 'says Thanks', end],
    ],
    [
      'goes on when nobody presses',
      { texml: `${menu}<Say>Bye</Say>` },
      {},
      ['says Press 1.', 'is silent', 'says Bye', end],
    ],
    [
      'goes on when there is no action',
      { texml: '<Gather numDigits="1"/><Say>Bye</Say>', presses: ['1'] },
      {},
      ['presses 1', 'says Bye', end],
    ],
    [
      'takes words to its action',
      { texml: '<Gather input="speech" action="/menu"/>', says: ['yes please'] },
      { '/menu': '<Say>Fine</Say>' },
      [
        'says yes please',
        'fetches POST http://flow.test/menu SpeechResult=yes please Confidence=0.95 → 200',
        'says Fine',
        end,
      ],
    ],
    [
      'takes keys before words',
      { texml: '<Gather input="dtmf speech" numDigits="1" action="/menu"/>', says: ['yes'], presses: ['2'] },
      { '/menu': '<Hangup/>' },
      ['presses 2', 'fetches POST http://flow.test/menu Digits=2 → 200', 'hangs up'],
    ],
    [
      'leaves words to the next that listens',
      { texml: '<Gather numDigits="1"/><Gather input="speech" action="/menu"/>', says: ['yes'] },
      { '/menu': '<Hangup/>' },
      [
        'is silent',
        'says yes',
        'fetches POST http://flow.test/menu SpeechResult=yes Confidence=0.95 → 200',
        'hangs up',
      ],
    ],
    [
      'follows a Redirect, relative to where it stands',
      { texml: '<Redirect>deep/second</Redirect>' },
      { '/deep/second': '<Redirect method="GET">third</Redirect>', '/deep/third': '<Say>Here</Say>' },
      [
        'fetches POST http://flow.test/deep/second → 200',
        'fetches GET http://flow.test/deep/third → 200',
        'says Here',
        end,
      ],
    ],
    [
      'ends the call when its next document cannot be had',
      { texml: '<Redirect>/gone</Redirect>' },
      {},
      ['fetches POST http://flow.test/gone → 404', 'gives up no instructions could be had'],
    ],
    [
      'skips what is not imitated',
      { texml: '<Start><Stream url="wss://a.test"/></Start><Say>Hi</Say>' },
      {},
      ['skips <Start>', 'says Hi', end],
    ],
  ];

  it.each(stories)('%s', async (_name, play, site, heard) => {
    expect(story(await played(play, site))).toEqual(heard);
  });

  it('that leads only to itself is given up', async () => {
    const { transcript } = await played({ texml: '<Redirect>/a</Redirect>' }, { '/a': '<Redirect>/a</Redirect>' });
    expect(transcript.at(-2)?.text).toBe('500 documents were followed');
  });

  it('that speaks for ever ends with the time limit of the call', async () => {
    const { transcript, duration_ms } = await played({ texml: '<Say loop="0">La</Say><Say>Never</Say>' });
    expect(transcript.map(({ text }) => text)).not.toContain('Never');
    expect(duration_ms).toBe(14_400_000);
  });

  it('takes 60 ms for each letter it speaks, as often as it is told', async () => {
    const { duration_ms } = await played({ texml: '<Say loop="3">Hello</Say>' });
    expect(duration_ms).toBe(3 * 5 * 60);
  });
});

describe('a document that cannot be read', () => {
  it.each([
    ['', 'the document is empty'],
    ['Hello', 'text data outside of root node'],
    ['{"say": "Hello"}', 'text data outside of root node'],
    ['<Response><Say>Hello</Response>', 'unexpected close tag'],
    ['<response/>', 'the root is <response>, not <Response>'],
    ['<html><body/></html>', 'the root is <html>, not <Response>'],
    ['<!DOCTYPE Response [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>', 'a document type is not allowed'],
    ['<Response><Say>&a;</Say></Response>', 'undefined entity'],
    ['<Response><Say voice=alice>Hello</Say></Response>', 'unquoted attribute value'],
    ['<Response><Say a="1" a="2"/></Response>', 'duplicate attribute'],
    ['<Response/><Response/>', 'documents may contain only one root'],
    [`${'<Response>'.repeat(40)}${'</Response>'.repeat(40)}`, 'elements are nested deeper than 32'],
    [`<Response><Say>${'a'.repeat(70_000)}</Say></Response>`, 'the document is longer than'],
    ['<Response><Sya>Hello</Sya></Response>', 'line 1: there is no verb <Sya>'],
    ['<Response>\n<Pay/></Response>', 'line 2: there is no verb <Pay>'],
    ['<Response><Dial><Client>joe</Client></Dial></Response>', '<Client> may not stand in <Dial>'],
    ['<Response><Gather><Dial>+1</Dial></Gather></Response>', '<Dial> may not stand in <Gather>'],
  ])('%j ends the call: %s', async (texml, why) => {
    const { transcript } = await playOffline({ texml: texml === '' ? ' ' : texml });
    expect(transcript.find(({ does }) => does === 'objects')?.text).toContain(why);
    expect(transcript.at(-2)?.text).toBe('the document was refused');
  });

  it('is played without what Telnyx does not have, when that is switched on', async () => {
    const result = await played({ texml: '<Pay/><Say>Hello</Say>', settings: { unknownTexml: 'ignored' } });
    expect(story(result)).toEqual(['objects line 1: there is no verb <Pay>', 'skips <Pay>', 'says Hello', end]);
  });
});

describe('a Gather', () => {
  /** Attributes, what is pressed, and the digits that reach the action; null when it is not asked. */
  it.each([
    ['', '123#', '123'],
    ['finishOnKey="*"', '12*', '12'],
    ['finishOnKey=""', '12#', '12#'],
    ['finishOnKey="9*"', '129', '12'],
    ['numDigits="2"', '123', '12'],
    ['maxDigits="3"', '12345', '123'],
    ['minDigits="4"', '123#', null],
    ['validDigits="12"', '13#', null],
    ['validDigits="123"', '13#', '13'],
    ['', '1w2', '12'],
    ['timeout="2"', '1wwww2', '1'],
    ['timeout="2"', '1www2', '12'],
    ['timeout="1"', 'w1', null],
    ['timeout="2"', 'w1', '1'],
    ['', '#', null],
  ])('with %s hears of %s: %s', async (attributes, keys, digits) => {
    const { asked } = await played(
      { texml: `<Gather action="/a" ${attributes}/>`, presses: [keys] },
      { '/a': '<Hangup/>' },
    );
    expect(asked[0]?.['Digits'] ?? null).toBe(digits);
  });

  it('hands wrong keys to invalidDigitsAction', async () => {
    const gather = '<Gather numDigits="1" validDigits="12" action="/a" invalidDigitsAction="/wrong"/>';
    const { asked } = await played({ texml: gather, presses: ['7'] }, { '/wrong': '<Hangup/>' });
    expect(asked).toMatchObject([{ path: '/wrong', Digits: '7' }]);
  });

  it('waits for its prompt and then for its time-out', async () => {
    const { duration_ms } = await played({ texml: '<Gather timeout="7"><Say>Hello</Say></Gather>' });
    expect(duration_ms).toBe(5 * 60 + 7000);
  });

  it.each([
    ['0', 1000],
    ['500', 120_000],
    ['soon', 5000],
  ])('with the time-out %s waits %d ms', async (timeout, waitsMs) => {
    const { duration_ms } = await played({ texml: `<Gather timeout="${timeout}"/>` });
    expect(duration_ms).toBe(waitsMs);
  });

  it('is interrupted by a key while it speaks', async () => {
    const long = `<Gather numDigits="1"><Say>${'Blah '.repeat(100)}</Say></Gather>`;
    const { duration_ms } = await played({ texml: long, presses: ['1'], interrupts: true });
    expect(duration_ms).toBe(500);
  });

  it('is answered in the middle of a prompt that has no end', async () => {
    const { duration_ms } = await played({
      texml: '<Gather numDigits="1"><Say loop="0">Press</Say></Gather>',
      presses: ['1'],
    });
    expect(duration_ms).toBe(500);
  });

  it('asks its action about nothing when that is switched on', async () => {
    const settings = { emptyGatherAction: true };
    const { asked } = await played({ texml: menu, settings }, { '/menu': '<Hangup/>' });
    expect(asked).toMatchObject([{ path: '/menu', Digits: '' }]);
  });
});

describe('a Dial', () => {
  const dialed = (to: string) =>
    played({ texml: `<Dial action="/after" timeLimit="60">${to}</Dial>` }, { '/after': '<Hangup/>' });

  it.each([
    ['+15550100100', 'completed'],
    ['<Number>+15550100100</Number>', 'completed'],
    ['<Sip>sip:agent@sip.telnyx.com</Sip>', 'completed'],
    ['+15550100001', 'busy'],
    ['+15550100003', 'no-answer'],
    ['+15550100004', 'failed'],
    ['+15550100011', 'failed'],
    ['', 'failed'],
    ['<Number>+15550100001</Number><Number>+15550100100</Number>', 'completed'],
  ])('of %s tells its action %s', async (to, status) => {
    expect((await dialed(to)).asked).toMatchObject([{ path: '/after', DialCallStatus: status }]);
  });

  it('takes the first that answers and lets the others go', async () => {
    const { transcript, dialed: others } = await dialed('<Number>+15550100008</Number><Number>+15550100100</Number>');
    expect(transcript).toContainEqual(expect.objectContaining({ does: 'bridges', text: '+15550100100' }));
    expect(others[0]?.transcript.at(-1)).toMatchObject({ text: 'originator_cancel by caller', at_ms: 1000 });
  });

  it('lets the one who answers hear the document of its noun first', async () => {
    const number = '<Number url="/whisper">+15550100006</Number>';
    const { dialed: others } = await played(
      { texml: `<Dial timeLimit="60">${number}</Dial>` },
      { '/whisper': '<Say>A lead</Say>' },
    );
    expect(others[0]?.transcript.map(({ text }) => text)).toContain('A lead');
  });

  it('gives up ringing after its time-out', async () => {
    const { duration_ms } = await played({ texml: '<Dial timeout="5">+15550100003</Dial>' });
    expect(duration_ms).toBe(5000);
  });

  it('hangs up the other call when the caller goes', async () => {
    const phone = { talkMs: 3000 };
    const { dialed: others } = await playedBy(phone, '<Dial>+15550100006</Dial>');
    expect(others[0]?.transcript.at(-1)).toMatchObject({ does: 'ends the call', at_ms: 3000 });
  });

  it('into a conference lasts until the conference is left', async () => {
    const { transcript } = await playedBy({ talkMs: 3000 }, '<Dial><Conference>room</Conference></Dial>');
    expect(transcript.map(({ does }) => does)).toContain('opens the conference');
    expect(transcript.at(-1)?.at_ms).toBe(4000);
  });
});

describe('a Record', () => {
  it.each([
    ['', ['#'], '#'],
    ['finishOnKey="*"', ['*'], '*'],
    ['finishOnKey="*" maxLength="3"', ['#'], undefined],
    ['maxLength="3"', [], undefined],
  ])('%s with the keys %j tells its action %s', async (attributes, presses, digits) => {
    const { asked, recordings } = await played(
      { texml: `<Record action="/a" ${attributes}/>`, presses },
      { '/a': '<Hangup/>' },
    );
    expect(asked[0]?.['Digits']).toBe(digits);
    expect(asked[0]).toHaveProperty('RecordingUrl');
    expect(recordings).toBe(1);
  });

  it('tells how long it is', async () => {
    const { asked } = await played({ texml: '<Record action="/a" maxLength="3"/>' }, { '/a': '<Hangup/>' });
    expect(asked[0]?.['RecordingDuration']).toBe('3');
  });

  it('ends with silence after something was said', async () => {
    const { duration_ms } = await played({ texml: '<Record timeout="4"/>', says: ['Hello'] });
    expect(duration_ms).toBe(5 * 60 + 4000);
  });
});

describe('a queue', () => {
  it('plays its document until the longest wait is over', async () => {
    const enqueue = '<Enqueue waitUrl="/wait" action="/after" maxWaitTimeSecs="10">support</Enqueue>';
    const { asked, transcript } = await played(
      { texml: enqueue },
      { '/wait': '<Say>Wait</Say>', '/after': '<Hangup/>' },
    );
    expect(asked.at(-1)).toMatchObject({ path: '/after', QueueResult: 'maxWaitTime', QueueTime: '10' });
    expect(transcript.filter(({ text }) => text === 'Wait').length).toBeGreaterThan(3);
  });

  it.each([
    ['enqueues again', '<Enqueue waitUrl="/wait">support</Enqueue>', 70],
    ['leads to itself', '<Redirect>/wait</Redirect>', 510],
  ])('is waited in to the end though its document %s', async (_name, wait, most) => {
    const enqueue = '<Enqueue waitUrl="/wait" maxWaitTimeSecs="60">support</Enqueue><Say>Sorry</Say>';
    const result = await played({ texml: enqueue }, { '/wait': wait });
    expect(story(result).slice(-3)).toEqual(['leaves the queue maxWaitTime', 'says Sorry', end]);
    expect(result.asked.length).toBeLessThan(most);
  });

  it('is left by its own document', async () => {
    const enqueue = '<Enqueue waitUrl="/wait">support</Enqueue><Say>Sorry</Say>';
    const result = await played({ texml: enqueue }, { '/wait': '<Leave/><Say>Never</Say>' });
    expect(story(result).slice(-3)).toEqual(['leaves the queue leave', 'says Sorry', end]);
  });
});

describe('a call that is not answered by a person', () => {
  it.each([
    ['busy', 'busy'],
    ['no-answer', 'no-answer'],
    ['rejected', 'failed'],
  ] as const)('but %s plays nothing', async (answer, status) => {
    const result = await played({ texml: '<Say>Hello</Say>', answer });
    expect([result.status, story(result)]).toEqual([status, []]);
  });

  it.each([
    ['machine', 'machine_end_beep', 3000],
    ['fax', 'fax', 1500],
  ] as const)('but by a %s waits for %s before it speaks', async (answer, found, atMs) => {
    const { transcript } = await played({ texml: '<Say>Hello</Say>', answer });
    const [detected, said] = ['detects', 'says'].map((does) => transcript.find((line) => line.does === does));
    expect([detected?.text, said?.at_ms]).toEqual([found, 1000 + atMs]);
  });
});

/** A phone that differs from one that stays. */
function playedBy(differs: Partial<NonNullable<OfflinePlay['phone']>>, texml: string) {
  const stays = phones['006'];
  if (stays === undefined) throw new Error('the table has no 006');
  return played({ texml, phone: { ...stays, ...differs } });
}

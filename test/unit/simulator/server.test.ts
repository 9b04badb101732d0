import { phones } from '../../../simulator/phones';
import { aSimulator, eventually } from './running-simulator';
import type { Running } from './running-simulator';

let running: Running;
afterEach(() => running.close());

const number = (digits: string) => `+15550100${digits}`;

/** How a dial ends for its client: the ids, or what was thrown. */
const outcome = (digits: string): Promise<string> =>
  running.dial(number(digits)).then(
    (data) => (typeof data['call_control_id'] === 'string' ? 'ids' : 'no ids'),
    (error: unknown) => {
      const { status, name } = error as { status?: number; name: string };
      return status === undefined ? name : String(status);
    },
  );

describe('the simulator', () => {
  it('rings, answers, hangs up, and the recording can be fetched', async () => {
    running = await aSimulator();
    await running.dial(number('100'), { record: 'record-from-answer' });
    const saved = await eventually(() =>
      running.received.find(({ data }) => data.event_type === 'call.recording.saved'),
    );
    const urls = saved.data.payload['recording_urls'] as { mp3: string };
    const response = await fetch(urls.mp3);
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    const [recording] = running.simulator.ledger().recordings;
    expect((await response.arrayBuffer()).byteLength).toBe(recording?.size_bytes);
    expect(Number(response.headers.get('content-length'))).toBe(recording?.size_bytes);
  });

  it('refuses a wrong key', async () => {
    running = await aSimulator();
    const response = await fetch(`${running.simulator.apiBaseUrl}/calls/v3:x`, {
      headers: { authorization: 'Bearer KEYwrong' },
    });
    expect([response.status, await response.text()]).toEqual([401, expect.stringContaining('"10009"')]);
  });

  it('answers 501 to what it does not know, and counts it', async () => {
    running = await aSimulator();
    const { apiBaseUrl, apiKey } = running.simulator;
    const response = await fetch(`${apiBaseUrl}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(response.status).toBe(501);
    expect(running.simulator.ledger().unknown_requests).toEqual([{ method: 'POST', path: '/v2/messages' }]);
  });

  it('closes twice without complaint, with a call still up', async () => {
    running = await aSimulator();
    await running.dial(number('006'));
    await running.simulator.close();
    await expect(running.simulator.close()).resolves.toBeUndefined();
  });

  it('accepts a command with an empty body', async () => {
    running = await aSimulator();
    const { call_control_id: id } = await running.dial(number('006'));
    await expect(running.client.calls.actions.hangup(String(id), {})).resolves.toMatchObject({
      data: { result: 'ok' },
    });
  });

  it('refuses a dial until it knows where webhooks go', async () => {
    running = await aSimulator({ webhookUrl: '' });
    running.simulator.setWebhookUrl('http://127.0.0.1:9/');
    await expect(outcome('001')).resolves.toBe('ids');
  });

  it('lets a recording address die', async () => {
    running = await aSimulator({ settings: { recordingUrlLifetimeSecs: 0 } });
    await running.dial(number('007'), { record: 'record-from-answer', record_format: 'wav' });
    const saved = await eventually(() =>
      running.received.find(({ data }) => data.event_type === 'call.recording.saved'),
    );
    const response = await fetch((saved.data.payload['recording_urls'] as { wav: string }).wav);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('Request has expired')]);
  });

  it('refuses a recording address that somebody changed', async () => {
    running = await aSimulator();
    const response = await fetch(`${running.simulator.url}/storage/recordings/a.mp3?expires=9999999999&token=0`);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('SignatureDoesNotMatch')]);
  });
});

describe('a fault on the way of a dial', () => {
  /** What the client sees of the first and second dial, and how many legs there are then. */
  const seen: Readonly<Record<string, readonly [first: string, second: string, legs: number]>> = {
    '040': ['Error', 'Error', 2],
    '041': ['Error', 'ids', 1],
    '042': ['500', '500', 2],
    '043': ['500', 'ids', 1],
    '045': ['AbortError', 'AbortError', 2],
    '046': ['no ids', 'no ids', 2],
    '047': ['SyntaxError', 'SyntaxError', 2],
    '048': ['no ids', 'no ids', 2],
    '049': ['ids', 'ids', 2],
    '050': ['503', '503', 0],
    '051': ['Error', 'Error', 0],
  };
  const direct = Object.entries(seen).filter(([digits]) => digits !== '045');

  it.each(direct)('…%s is what the table says', async (digits, [first, second, legs]) => {
    running = await aSimulator();
    expect([await outcome(digits), await outcome(digits)]).toEqual([first, second]);
    expect(running.simulator.ledger().legs).toHaveLength(legs);
  });

  it('…045 sends headers and then nothing, and the leg is there', async () => {
    running = await aSimulator();
    const { apiBaseUrl, apiKey, connectionId } = running.simulator;
    const response = await fetch(`${apiBaseUrl}/calls`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ connection_id: connectionId, to: number('045'), from: number('900') }),
      signal: AbortSignal.timeout(200),
    });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(running.simulator.ledger().legs).toHaveLength(1);
  });

  it('…044 is answered long after the leg was placed', async () => {
    running = await aSimulator();
    await running.control(`PUT phones/${number('044')}`, { fault: { kind: 'delay', ms: 100 } });
    const dialled = outcome('044');
    await eventually(() => running.simulator.ledger().legs.length === 1);
    await expect(dialled).resolves.toBe('ids');
  });

  it('…049 names a leg that is not the one placed', async () => {
    running = await aSimulator();
    const { call_control_id: id } = await running.dial(number('049'));
    expect(running.simulator.ledger().legs[0]?.call_control_id).not.toBe(id);
  });

  it('has a test of every row', () => {
    const faulty = Object.keys(phones).filter((digits) => phones[digits]?.fault !== null);
    expect(faulty).toEqual([...Object.keys(seen), '044'].sort());
  });
});

describe('the control interface', () => {
  it('orders a fault for one operation, so many times, after so many', async () => {
    running = await aSimulator();
    const { call_control_id: id } = await running.dial(number('006'));
    await running.control('POST faults', {
      operation: 'getCall',
      times: 1,
      after: 1,
      fault: { kind: 'status', status: 503 },
    });
    const ask = () =>
      running.client.calls.retrieveStatus(String(id)).then(
        () => 200,
        (error: unknown) => (error as { status: number }).status,
      );
    expect([await ask(), await ask(), await ask()]).toEqual([200, 503, 200]);
    expect(running.simulator.ledger().faults).toEqual({ status: 1 });
  });

  it('sets what a SIP phone does', async () => {
    running = await aSimulator();
    const agent = 'sip:agent7@sip.telnyx.com';
    await running.control(`PUT phones/${encodeURIComponent(agent)}`, { like: '001' });
    await running.dial(agent);
    const hangup = await eventually(() => running.received.find(({ data }) => data.event_type === 'call.hangup'));
    expect(hangup.data.payload).toMatchObject({ hangup_cause: 'user_busy', to: agent });
  });

  it.each([
    ['PATCH settings', { phoneSped: 2 }],
    ['PATCH settings', { unknownLegStatus: 500 }],
    ['PUT phones/1', { like: '999' }],
    ['PUT phones/1', { rings: 3 }],
    ['POST faults', { operation: 'dial', fault: { kind: 'fire' } }],
    ['PUT mischief', {}],
  ])('refuses %s %j', async (line, body) => {
    running = await aSimulator();
    expect((await running.control(line, body)).status).toBe(422);
  });

  it('calls in, and the call can be answered', async () => {
    running = await aSimulator();
    const response = await running.control('POST calls', { from: number('006'), to: '+15550100001' });
    const { call_control_id: id } = (await response.json()) as { call_control_id: string };
    await running.client.calls.actions.answer(id, {});
    const answered = await eventually(() => running.received.find(({ data }) => data.event_type === 'call.answered'));
    expect(running.received[0]?.data.payload).toMatchObject({ direction: 'incoming' });
    expect(answered.data.payload).toMatchObject({ call_control_id: id });
  });

  it('lets the phone hang up', async () => {
    running = await aSimulator();
    const { call_control_id: id } = await running.dial(number('006'));
    await eventually(() => running.received.find(({ data }) => data.event_type === 'call.answered'));
    await running.control(`POST calls/${String(id)}/hangup`);
    expect(running.simulator.ledger().legs[0]).toMatchObject({ hangup_source: 'callee' });
  });

  it('shows the books', async () => {
    running = await aSimulator();
    await running.dial(number('001'));
    const ledger: unknown = await (await running.control('GET ledger')).json();
    expect(ledger).toMatchObject({ dial_requests: { [number('001')]: 1 }, legs: [{ to: number('001') }] });
  });
});

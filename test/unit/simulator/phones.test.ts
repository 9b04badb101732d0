import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { phones, phoneTable } from '../../../simulator/phones';
import { playOffline } from '../../../simulator/texml/offline';
import { aCarrier, verdictOf } from './carrier-in-virtual-time';

const number = (digits: string) => `+15550100${digits}`;

/** Cause, source, SIP code and seconds of talk of a call that is left alone, with a ring time-out of 30 s. */
const ends: Readonly<Record<string, readonly [string, string, string, number | null]>> = {
  '100': ['normal_clearing', 'callee', '200', 4],
  '001': ['user_busy', 'callee', '486', null],
  '002': ['call_rejected', 'callee', '603', null],
  '003': ['timeout', 'unknown', '487', null],
  '004': ['not_found', 'unknown', '404', null],
  '005': ['unspecified', 'unknown', '503', null],
  '006': ['time_limit', 'unknown', '200', 60],
  '007': ['normal_clearing', 'callee', '200', 0.1],
  '008': ['normal_clearing', 'callee', '200', 4],
  '009': ['time_limit', 'unknown', '200', 60],
};

const refusals: Readonly<Record<string, string>> = {
  '010': '422/10016',
  '011': '403/10010',
  '012': '403/10010',
  '013': '429/10011',
};

const premium = (result: string) => ['call.machine.premium.detection.ended', result] as const;
const greeting = (result: string) => ['call.machine.premium.greeting.ended', result] as const;

const detections: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  '100': [premium('human_residence')],
  '020': [premium('machine'), greeting('beep_detected')],
  '021': [premium('machine'), greeting('no_beep_detected')],
  '022': [greeting('beep_detected')],
  '023': [],
  '024': [premium('fax_detected')],
  '025': [premium('human_residence')],
  '026': [premium('human_business')],
  '027': [premium('silence')],
  '028': [premium('not_sure')],
};

const recordings: Readonly<Record<string, readonly [state: string, webhooks: readonly string[]]>> = {
  '100': ['completed', ['call.recording.saved']],
  '030': ['failed', ['call.recording.error']],
  '031': ['completed', ['call.recording.saved']],
  '032': ['completed', []],
  '033': ['completed', ['call.recording.saved']],
};

/** What comes of two menus, one after the other, and what is said to a third that listens. */
const listeners: Readonly<Record<string, readonly [first: string, second: string, said: string]>> = {
  '060': ['1', '1', ''],
  '061': ['2', '2', ''],
  '062': ['9', '9', ''],
  '063': ['', '', 'yes'],
  '064': ['', '', 'no'],
  '065': ['', '1', ''],
  '066': ['1', '1', ''],
  '067': ['7', '1', ''],
};

describe('the phone table', () => {
  it.each(Object.entries(ends))('ends a call to …%s as it says', (digits, [cause, source, sip, talkSecs]) => {
    const { carrier, clock, place } = aCarrier();
    place(number(digits), { time_limit_secs: 60 });
    clock.settle();
    const leg = carrier.ledger().legs[0];
    expect([leg?.hangup_cause, leg?.hangup_source, leg?.sip_hangup_cause]).toEqual([cause, source, sip]);
    const { answered_at: answeredAt = null, ended_at: endedAt = null } = leg ?? {};
    const talked = answeredAt === null ? null : (Date.parse(endedAt ?? '') - Date.parse(answeredAt)) / 1000;
    expect(talked).toBe(talkSecs);
  });

  it.each(Object.entries(refusals))('refuses a dial of …%s', (digits, verdict) => {
    const { carrier, dial } = aCarrier();
    expect(verdictOf(dial(number(digits)))).toBe(verdict);
    expect(carrier.ledger().legs).toEqual([]);
  });

  it('refuses only the first dial of …013, and says when to come again', () => {
    const { dial } = aCarrier();
    expect(dial(number('013')).headers).toMatchObject({ 'retry-after': '1' });
    expect(dial(number('013')).status).toBe(200);
  });

  it.each(Object.entries(detections))('lets detection find on …%s what it says', (digits, expected) => {
    const { clock, place, said } = aCarrier();
    place(number(digits), { answering_machine_detection: 'premium' });
    clock.settle();
    const found = said.filter(({ eventType }) => eventType.startsWith('call.machine.'));
    expect(found.map(({ eventType, data }) => [eventType, (data['payload'] as { result: string }).result])).toEqual(
      expected,
    );
  });

  it.each(Object.entries(recordings))('records …%s as it says', (digits, [state, webhooks]) => {
    const { carrier, clock, place, events } = aCarrier();
    place(number(digits), { record: 'record-from-answer' });
    clock.settle();
    expect(carrier.ledger().recordings.map((recording) => recording.state)).toEqual([state]);
    expect(events().filter((name) => name.startsWith('call.recording'))).toEqual(webhooks);
  });

  it.each(Object.entries(listeners))('lets a document hear from …%s what it says', async (digits, expected) => {
    const heard: string[] = [];
    const menu = '<Gather numDigits="1" action="/menu" timeout="1"><Say>Press a key.</Say></Gather>';
    await playOffline({
      texml: `<Response>${menu}<Redirect>/menu</Redirect></Response>`,
      base: 'http://flow.test/',
      phone: phones[digits],
      fetch: ({ fields }) => {
        heard.push(fields['Digits'] ?? fields['SpeechResult'] ?? '');
        const listen = '<Gather input="speech" action="/said" timeout="1"/><Redirect>/said</Redirect>';
        const next = [`${menu}<Redirect>/menu</Redirect>`, listen, '<Hangup/>'][heard.length - 1] ?? '';
        return { status: 200, body: `<Response>${next}</Response>` };
      },
    });
    expect(heard).toEqual(expected);
  });

  it('is the table of the README', () => {
    const readme = readFileSync(join(__dirname, '../../../simulator/README.md'), 'utf8');
    const squeezed = (text: string) => text.replace(/ *\| */g, '|').replace(/-{3,}/g, '---');
    expect(squeezed(readme)).toContain(squeezed(phoneTable()));
  });

  it('has a test of every row', () => {
    const faults = Object.keys(phones).filter((digits) => phones[digits]?.fault !== null);
    const tested = [ends, refusals, detections, recordings, listeners].flatMap((table) => Object.keys(table));
    expect(new Set([...tested, ...faults, '100'])).toEqual(new Set([...Object.keys(phones), '100']));
  });
});

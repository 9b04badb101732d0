/** The simulator's own interface, `/_simulator/…`: reading the books, setting phones, switches, faults and mischief. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Carrier } from './carrier/carrier';
import { parseSettings } from './carrier/settings';
import type { Answer, JsonObject } from './carrier/world';
import { parseFaultRule } from './faults';
import type { Faults } from './faults';
import { readJson, sendAnswer } from './http';
import { createMischief } from './mischief';
import type { Mischief, MischiefOptions } from './mischief';
import { phoneAt, phones } from './phones';
import type { PhoneBehaviour } from './phones';

export interface ControlDeps {
  readonly carrier: Carrier;
  readonly faults: Faults;
  /** Of the one Call Control Application. */
  readonly connectionId: string;
  readonly setMischief: (mischief: Mischief) => void;
  /** Things to read, by the last part of their path. */
  readonly readings: Readonly<Record<string, () => unknown>>;
}

export async function serveControl(
  deps: ControlDeps,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const body = await readJson(request);
  const [what = '', ...rest] = url.pathname.split('/').slice(2).map(decodeURIComponent);
  try {
    if (body === null) throw new TypeError('the body is not a JSON object');
    sendAnswer(response, answerControl(deps, { line: `${request.method ?? ''} ${what}`, what, rest, body }));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    sendAnswer(response, { status: 422, body: { error: error.message } });
  }
}

interface Asked {
  readonly line: string;
  readonly what: string;
  readonly rest: readonly string[];
  readonly body: JsonObject;
}

const done: Answer = { status: 200, body: { ok: true } };

function answerControl(deps: ControlDeps, { line, what, rest, body }: Asked): Answer {
  const { carrier, faults } = deps;
  switch (line) {
    case 'PATCH settings':
      carrier.changeSettings(parseSettings(body));
      return { status: 200, body: carrier.settings() };
    case 'PUT phones':
      carrier.setPhone(rest[0] ?? '', parsePhone(rest[0] ?? '', body));
      return done;
    case 'DELETE phones':
      carrier.setPhone(rest[0] ?? '', null);
      return done;
    case 'POST faults':
      faults.add(parseFaultRule(body));
      return done;
    case 'DELETE faults':
      faults.clear();
      return done;
    case 'PUT mischief':
      deps.setMischief(createMischief(parseMischief(body)));
      return done;
    case 'DELETE mischief':
      deps.setMischief(createMischief(null));
      return done;
    case 'PUT webhook-url':
      carrier.setWebhookUrl(
        textIn(body, 'url'),
        body['failover_url'] === undefined ? null : textIn(body, 'failover_url'),
      );
      return done;
    case 'POST recordings':
      return plant(deps, body);
    case 'POST calls':
      return rest[1] === 'hangup' ? hangUp(carrier, rest[0] ?? '') : callIn(carrier, body);
    default:
      return read(deps, line, what);
  }
}

function read({ readings }: ControlDeps, line: string, what: string): Answer {
  const reading = line.startsWith('GET ') ? readings[what] : undefined;
  if (reading !== undefined) return { status: 200, body: reading() };
  return { status: 404, body: { error: `the simulator has no ${line}` } };
}

/** Defaults are those of a recording of an unknown call on our own application. */
function plant({ carrier, faults, connectionId }: ControlDeps, body: JsonObject): Answer {
  const text = (key: string, usual: string): string => (body[key] === undefined ? usual : textIn(body, key));
  const millis = (key: string, usual: number): number => (typeof body[key] === 'number' ? body[key] : usual);
  const planting = {
    connectionId: text('connection_id', connectionId),
    from: text('from', '+15551234567'),
    to: text('to', '+15559999999'),
    clientState: body['client_state'] === undefined ? null : textIn(body, 'client_state'),
    format: body['format'] === 'wav' ? ('wav' as const) : ('mp3' as const),
    durationMs: millis('duration_millis', 2000),
    agoMs: millis('ago_millis', 0),
  };
  const { id } = carrier.plant(planting, body['empty'] === true);
  // In the same breath, so that nobody comes upon it before them.
  const rule = body['fault'];
  if (typeof rule === 'object' && rule !== null) faults.add(parseFaultRule({ ...rule, recording: id }));
  return { status: 201, body: { recording_id: id } };
}

function callIn(carrier: Carrier, body: JsonObject): Answer {
  const application = body['connection_id'] === undefined ? {} : { connectionId: textIn(body, 'connection_id') };
  const leg = carrier.callIn({ from: textIn(body, 'from'), to: textIn(body, 'to'), ...application });
  return { status: 201, body: { call_control_id: leg.callControlId } };
}

function hangUp(carrier: Carrier, callControlId: string): Answer {
  return carrier.hangUp(callControlId) ? done : { status: 404, body: { error: 'no such live leg' } };
}

function textIn(body: JsonObject, key: string): string {
  const value = body[key];
  if (typeof value !== 'string') throw new TypeError(`${key} is a string`);
  return value;
}

/** A row of the table by its digits (`like`), changed by whatever else is given. */
function parsePhone(to: string, { like, ...changes }: JsonObject): PhoneBehaviour {
  const row = typeof like === 'string' ? phones[like] : phoneAt(to);
  if (row === undefined) throw new TypeError(`the table has no row ${String(like)}`);
  for (const key of Object.keys(changes)) {
    if (!(key in row)) throw new TypeError(`a phone has no ${key}; it has ${Object.keys(row).join(', ')}`);
  }
  for (const key of ['presses', 'says']) {
    const given = changes[key] ?? [];
    if (!Array.isArray(given) || !given.every((entry) => typeof entry === 'string'))
      throw new TypeError(`${key} is a list of texts`);
  }
  // Somebody with something to press or say stays to do it.
  const stays = 'presses' in changes || 'says' in changes ? { talkMs: null } : {};
  return { ...row, ...stays, ...changes };
}

/** Reads mischief that came over the wire or the command line. */
function parseMischief(body: JsonObject): MischiefOptions {
  const { seed } = body;
  if (typeof seed !== 'number') throw new TypeError('seed is a number');
  for (const kind of ['delay', 'duplicate', 'reorder', 'drop']) {
    const value = body[kind];
    const fine =
      value === undefined || typeof value === 'boolean' || (typeof value === 'number' && value >= 0 && value <= 1);
    if (!fine) throw new TypeError(`${kind} is true, false or a probability`);
  }
  return { ...body, seed };
}

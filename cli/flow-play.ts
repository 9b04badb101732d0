/** Stands in for Outcall where a flow is played offline: answers the carrier's requests with the flow's documents. */
import { begin, step } from '../flows/engine';
import type { Errand, FlowScript, Input, Position, Report } from '../flows/script';
import type { OfflineAnswer, OfflinePlay } from '../simulator/texml/offline';
import { formatXml } from '../texml/formatter';
import { writeTexml } from '../texml/writer';
import { readXml } from '../texml/xml-reader';
import type { Line, Played } from './offline';

/** What an agent in a browser does, as a number of the simulator's table; null: no browser can be rung. */
export const AGENTS = {
  answers: '+15550100000',
  busy: '+15550100001',
  'no-answer': '+15550100003',
  away: null,
} as const;
export type AgentAnswer = keyof typeof AGENTS;

/** Stands for every agent's browser. */
const AGENT_ADDRESS = 'sip:agent@outcall.example.com';

export interface FlowPlaySettings {
  readonly script: FlowScript;
  readonly answer: OfflineAnswer;
  /** When the call takes place, in milliseconds since the epoch; it does not go on during the call. */
  readonly nowMs: number;
  /** What servers answer, as `200 {"a": 1}`, in order; the last one again and again. */
  readonly answers: readonly string[];
  /** What the browser of an agent does. */
  readonly agent: AgentAnswer;
  /** Asks the servers when there are no answers. */
  readonly fetches: boolean;
  /** @default '+15550100001' */
  readonly from?: string;
  /** @default '+15550100006' */
  readonly to?: string;
}

export interface PlayedDocument {
  /** From 1. */
  readonly number: number;
  /** With indentation. */
  readonly texml: string;
}

type Told = Omit<Line, 'at_ms'>;

export interface FlowPlay {
  /** What to play: the first document, and where the others come from. */
  start(): Promise<Pick<OfflinePlay, 'texml' | 'base' | 'fetch' | 'others'>>;
  /** The result with what the flow did in its transcript, instead of addresses. */
  told(result: Played): Played;
  documents(): readonly PlayedDocument[];
}

/** Where Outcall would be. */
const BASE = 'https://outcall.example.com/texml/calls/offline';
const HOLD_SOUND = 'https://outcall.example.com/hold.wav';

export function createFlowPlay(settings: FlowPlaySettings): FlowPlay {
  const { script, from = '+15550100001', to = '+15550100006' } = settings;
  const documents: PlayedDocument[] = [];
  const lines = new Map<number, Told[]>();
  const errands = createErrands(settings);
  let position: Position = begin(script);

  /** Goes on until there is a document. */
  const answer = async (first: Input, number: number): Promise<string> => {
    const scene = { callId: 'COLD_CALL_OFFLINE', leadPhone: to, ourPhone: from, nowMs: settings.nowMs };
    const told: Told[] = [];
    lines.set(number, told);
    for (let input = first; ;) {
      const turn = step(script, position, input, { ...scene, base: BASE, number });
      const begun = stepsBegun(position, turn.position);
      if (begun.length > 0) told.push({ who: 'flow', does: 'goes to', text: begun.join(', ') });
      position = turn.position;
      if (turn.kind === 'document') {
        const texml = writeTexml(turn.document);
        documents.push({ number, texml: indented(texml) });
        return texml;
      }
      const report = await errands(turn.errand);
      told.push({ who: 'flow', ...wordsFor(turn.errand, report) });
      input = { kind: 'report', report };
    }
  };

  return {
    start: async () => ({
      texml: await answer({ kind: 'asked', fields: {}, target: 0 }, 1),
      base: `${BASE}/instructions/1`,
      others: { [AGENT_ADDRESS]: AGENTS[settings.agent] ?? AGENTS.busy },
      fetch: async ({ url, fields }) => {
        const number = /\/instructions\/(\d+)/.exec(url)?.[1];
        if (number === undefined) return { status: 200, body: `<Response><Play>${HOLD_SOUND}</Play></Response>` };
        return { status: 200, body: await answer({ kind: 'asked', fields, target: 0 }, Number(number)) };
      },
    }),
    told: (result) => {
      // With detection, the first document waits for its verdict.
      const begins = result.transcript.some(({ does }) => does === 'detects') ? 'detects' : 'answers';
      const told = result.transcript.flatMap((line) => toldBy(line, lines, begins));
      return { ...result, transcript: told.filter((line, index) => !isMoreWaiting(line, told.slice(0, index))) };
    },
    documents: () => documents,
  };
}

/** In the order in which they were begun. */
function stepsBegun(before: Position, after: Position): readonly string[] {
  if (before.kind !== 'flow' || after.kind !== 'flow') return [];
  const known = new Map(Object.entries(before.visits));
  return Object.entries(after.visits).flatMap(([name, visits]) => (known.get(name) === visits ? [] : [name]));
}

/** Hold sound is asked for and played over and over; once is enough to be told. */
function isMoreWaiting({ does, text }: Line, before: readonly Line[]): boolean {
  const begins = before.findLastIndex((line) => line.does === 'enqueues');
  const isAsked = does === 'fetches' && text.includes(`${BASE}/wait`);
  return isAsked || (text === HOLD_SOUND && before.slice(begins).some((line) => line.text === HOLD_SOUND));
}

/** A request for instructions becomes what the flow made of it; the first document is there when somebody answers. */
function toldBy(line: Line, lines: ReadonlyMap<number, readonly Told[]>, begins: string): readonly Line[] {
  const at = (number: number) => (lines.get(number) ?? []).map((told) => ({ ...line, ...told }));
  if (line.does === begins) return [line, ...at(1)];
  const [, number, fields = ''] = /^POST \S+\/instructions\/(\d+)(.*) → 200$/.exec(line.text) ?? [];
  if (line.does !== 'fetches' || number === undefined) return [line];
  return [{ ...line, does: 'asks', text: fields.trim() || 'what next' }, ...at(Number(number))];
}

function createErrands({ answer, agent, answers, fetches }: FlowPlaySettings): (errand: Errand) => Promise<Report> {
  const left = [...answers];
  return async (errand) => {
    switch (errand.kind) {
      case 'verdict':
        return { kind: 'verdict', verdict: answer === 'machine' || answer === 'fax' ? 'machine' : 'person' };
      case 'address':
        return { kind: 'address', sipUri: AGENTS[agent] === null ? null : AGENT_ADDRESS };
      case 'document':
        return { kind: 'document', texml: null, url: errand.target.url };
      case 'http': {
        const next = left.length > 1 ? left.shift() : left[0];
        if (next === undefined)
          return fetches ? await answerOf(errand.request) : { kind: 'http', status: null, body: '' };
        const [, status = '200', body = ''] = /^(\d{3})?\s*([^]*)$/.exec(next) ?? [];
        return { kind: 'http', status: Number(status), body };
      }
    }
  };
}

async function answerOf({ method, url, headers, body, timeoutSeconds }: HttpRequest): Promise<Report> {
  try {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const response = await fetch(url, { method, headers, body, signal, redirect: 'manual' });
    return { kind: 'http', status: response.status, body: await response.text() };
  } catch {
    return { kind: 'http', status: null, body: '' };
  }
}

type HttpRequest = Extract<Errand, { kind: 'http' }>['request'];

function wordsFor(errand: Errand, report: Report): Pick<Line, 'does' | 'text'> {
  switch (errand.kind) {
    case 'http': {
      const came = report.kind === 'http' && report.status !== null ? String(report.status) : 'no answer';
      return { does: 'sends', text: `${errand.request.method} ${errand.request.url} → ${came}` };
    }
    case 'verdict':
      return { does: 'hears', text: report.kind === 'verdict' ? `a ${report.verdict}` : '' };
    case 'address':
      return {
        does: 'looks for',
        text: `${errand.clientId} → ${(report.kind === 'address' && report.sipUri) || 'nobody'}`,
      };
    case 'document':
      return { does: 'asks', text: errand.target.url };
  }
}

function indented(texml: string): string {
  const reading = readXml(texml);
  return 'refused' in reading ? texml : formatXml(reading);
}

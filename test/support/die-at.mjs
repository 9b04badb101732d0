/**
 * Loaded into a process of ours before everything else, this ends it, or stops it, at one point of its work, as if from
 * outside: DIE_AT names the point, DIE_ABOUT a text that the request at that point has (also in its client_state),
 * DIE_BY the signal. CLOCK_SHIFT_MS lets its clock be wrong. Points of a request: before it is sent, when its first byte
 * is sent, when all is sent, when headers, the first byte and the last byte of the answer are there.
 */
import { Hash } from 'node:crypto';
import { writeSync } from 'node:fs';
import files from 'node:fs/promises';
import http from 'node:http';
import http2 from 'node:http2';
import { syncBuiltinESMExports } from 'node:module';

const { DIE_AT = '', DIE_ABOUT = '', DIE_BY = 'SIGKILL', CLOCK_SHIFT_MS = '0' } = process.env;
let isOver = false;
/** What this is about is under way. */
let isArmed = false;
/** The request that it came with, in a server. */
let armedBy = null;

function reach(point, about) {
  if (isOver || point !== DIE_AT || !about.includes(DIE_ABOUT)) return;
  isOver = true;
  writeSync(2, `{"event":"point.reached","point":"${point}"}\n`);
  process.kill(process.pid, DIE_BY);
}

function nameOf(method, url) {
  const path = new URL(url).pathname;
  if (/\/recordings\/[^/]+$/.test(path) && path.startsWith('/v2/')) return 'ask';
  if (path === '/v2/recordings') return 'list';
  if (path === '/v2/calls') return 'dial';
  if (/^\/v2\/calls\/[^/]+$/.test(path)) return 'leg';
  if (path === '/v2/conferences' && method === 'POST') return 'conference';
  const [, action] = /\/actions\/(\w+)$/.exec(path) ?? [];
  if (action) return action;
  if (path === '/v2/call_events') return 'owner';
  if (path.startsWith('/storage/')) return 'download';
  return method === 'POST' && path.endsWith('/api/v1/recordings') ? 'deliver' : 'other';
}

const { fetch } = globalThis;
globalThis.fetch = async (input, init) => {
  const name = nameOf(init?.method ?? 'GET', String(input));
  const body = typeof init?.body === 'string' ? init.body : '';
  const [, clientState = ''] = /"client_state":"([^"]*)"/.exec(body) ?? [];
  const about = `${input} ${body} ${Buffer.from(clientState, 'base64')}`;
  reach(`${name}:before`, about);
  const answer = await fetch(input, init);
  reach(`${name}:answered`, about);
  return answer;
};

const { request } = http;
http.request = (url, options, ...rest) => {
  const name = nameOf(options?.method, url);
  if (name !== 'download' && name !== 'deliver') return request(url, options, ...rest);
  const about = `${url} ${options.headers['idempotency-key'] ?? ''}`;
  if (about.includes(DIE_ABOUT)) isArmed = true;
  reach(`${name}:before`, about);
  const sent = request(url, options, ...rest);
  const { write } = sent;
  sent.write = (...args) => {
    const goesOn = write.apply(sent, args);
    setImmediate(reach, `${name}:first-sent`, about);
    return goesOn;
  };
  sent.prependListener('finish', () => reach(`${name}:all-sent`, about));
  sent.prependListener('response', (response) => {
    reach(`${name}:answered`, about);
    const { push } = response;
    response.push = (chunk, ...others) => {
      const isTaken = push.call(response, chunk, ...others);
      if (chunk !== null) reach(`${name}:first`, about);
      else setImmediate(reach, `${name}:last`, about);
      return isTaken;
    };
  });
  return sent;
};

const { digest } = Hash.prototype;
Hash.prototype.digest = function (...args) {
  if (isArmed) reach('verify:before', DIE_ABOUT);
  const result = digest.apply(this, args);
  if (isArmed) reach('verify:after', DIE_ABOUT);
  return result;
};

const { open } = files;
files.open = async (...args) => {
  const file = await open(...args);
  const { close } = file;
  file.close = async () => {
    if (isArmed) reach('remove:before', DIE_ABOUT);
    await close.call(file);
    if (isArmed) reach('remove:after', DIE_ABOUT);
  };
  return file;
};

// The way of a webhook or of a client's request: its body, its signature, what Temporal is told, the answer.
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (event, incoming, ...rest) {
  if (event === 'request' && incoming.method === 'POST') {
    const pieces = [];
    const { push } = incoming;
    incoming.push = (chunk, ...others) => {
      if (chunk !== null) pieces.push(chunk);
      const text = chunk === null ? `${incoming.url} ${Buffer.concat(pieces)}` : '';
      if (chunk === null && text.includes(DIE_ABOUT)) {
        isArmed = true;
        armedBy = incoming;
        reach('body:before', text);
        setImmediate(reach, 'body:after', text);
      }
      return push.call(incoming, chunk, ...others);
    };
  }
  return emit.call(this, event, incoming, ...rest);
};
const { end } = http.ServerResponse.prototype;
http.ServerResponse.prototype.end = function (...args) {
  if (armedBy !== null && this.req === armedBy) {
    reach('answer:before', DIE_ABOUT);
    this.once('finish', () => setImmediate(reach, 'answer:after', DIE_ABOUT));
  }
  return end.apply(this, args);
};
const { verify } = crypto.subtle;
crypto.subtle.verify = async (...args) => {
  if (isArmed) reach('signature:before', DIE_ABOUT);
  const isValid = await verify.apply(crypto.subtle, args);
  if (isArmed) reach('signature:after', DIE_ABOUT);
  return isValid;
};
const { connect } = http2;
http2.connect = (...args) => {
  const session = connect(...args);
  const { request: ask } = session;
  session.request = (headers, ...rest) => {
    const [, told] = /\/(Signal|Start|Update)WorkflowExecution$/.exec(headers[':path']) ?? [];
    const name = isArmed && told?.toLowerCase();
    if (name) reach(`${name}:before`, DIE_ABOUT);
    const stream = ask.call(session, headers, ...rest);
    if (name) {
      // Passed on, and nothing came back: whether it was read nobody knows.
      stream.on('finish', () => reach(`${name}:sent`, DIE_ABOUT));
      stream.on('end', () => reach(`${name}:after`, DIE_ABOUT));
    }
    return stream;
  };
  return session;
};

const shiftMs = Number(CLOCK_SHIFT_MS);
if (shiftMs !== 0) {
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      super(...(args.length === 0 ? [RealDate.now() + shiftMs] : args));
    }
    static now() {
      return RealDate.now() + shiftMs;
    }
  };
}

syncBuiltinESMExports();

/**
 * Forms of the carrier: requests for TeXML documents, and callbacks. By POST the fields stand in the body, by GET in
 * the query (Telnyx docs: TeXML instruction fetching). Read strictly: type, size, encoding and number, and the
 * signature before anything is believed.
 */
import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { Fields } from '../flows/script';
import { onlyMethods } from './methods';
import { ApiProblem } from './problems';
import { rawBody } from './request-body';
import type { Verifier } from './signatures';

const MAX_FIELDS = 200;
/** The carrier's names begin with a capital; those that we write into addresses do not. */
const FIELD_NAME = /^[A-Z][\w.-]{0,99}$/;

export interface CarrierForm {
  /** What the carrier says, now or in the request that was held before. */
  readonly fields: Fields;
  /** `?to=`: which address of the last document led here, 0 to 99. */
  readonly target: number;
  /** `?held=`: how often the same was asked for and not answered with its document. */
  readonly held: number;
}

export interface CarrierRoute {
  readonly path: string;
  /** Passes, or refuses before anything is read. */
  readonly guard?: RequestHandler;
  readonly verify: Verifier;
  readonly answer: (form: CarrierForm, request: Request, response: Response) => Promise<void> | void;
}

/** A route for signed forms, by GET and by POST. */
export function carrierRoute({ path, guard, verify, answer }: CarrierRoute): Router {
  const router = Router();
  const receive: RequestHandler = async (request, response) => {
    const isPost = request.method === 'POST';
    // The signed body of another request says nothing about the query of this one.
    const bytes = isPost && Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (isPost) requireForm(request);
    await verify(bytes, request);
    await answer(readForm(queryOf(request), decode(bytes)), request, response);
  };
  const route = router.route(path);
  if (guard) route.all(guard);
  route
    .get(rawBody('64kb'), receive)
    .post(rawBody('64kb'), receive)
    .all(onlyMethods('GET', 'HEAD', 'POST'));
  return router;
}

/** Both texts are URL-encoded. Throws an ApiProblem (400). */
function readForm(query: string, body: string): CarrierForm {
  const [said, told] = [parse(query), parse(body)];
  // Of a name that is there twice the first counts, and what is signed before what is not.
  const fields = [...told, ...said].filter(([name]) => FIELD_NAME.test(name)).reverse();
  const numberIn = (name: string, most: number): number => {
    const text = said.find(([key]) => key === name)?.[1] ?? '0';
    if (/^\d{1,4}$/.test(text) && Number(text) <= most) return Number(text);
    throw malformed(`${name} is not a number from 0 to ${most}`);
  };
  return { fields: Object.fromEntries(fields), target: numberIn('to', 99), held: numberIn('held', 9999) };
}

function parse(text: string): readonly [string, string][] {
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > MAX_FIELDS) throw malformed(`the form has more than ${MAX_FIELDS} fields`);
  return pairs;
}

function queryOf({ originalUrl }: Request): string {
  const start = originalUrl.indexOf('?');
  return start < 0 ? '' : originalUrl.slice(start + 1);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('the form is not UTF-8');
  }
}

function requireForm({ headers }: Request): void {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() === 'application/x-www-form-urlencoded') return;
  throw new ApiProblem({
    status: 415,
    code: 'unsupported_media_type',
    detail: 'send Content-Type: application/x-www-form-urlencoded',
  });
}

export function malformed(detail: string): ApiProblem {
  return new ApiProblem({ status: 400, code: 'invalid_form', detail });
}

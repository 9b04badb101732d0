/** Refusals of what a request asks for, each naming the field at fault. */
import { targetProblem } from '../platform/destinations';
import { ApiProblem } from './problems';
import type { FieldError } from './problems';

export function unacceptable(code: string, path: string, message: string): ApiProblem {
  return refused(code, [{ path, message }]);
}

export function refused(code: string, errors: readonly FieldError[]): ApiProblem {
  const detail = errors.map(({ path, message }) => `${path} ${message}`).join('; ');
  return new ApiProblem({ status: 422, code, detail, errors });
}

/** Throws unless this number, or SIP address, may be called. `allowed` as in `destinationProblem`. */
export function checkTarget(target: string, path: string, allowed: readonly string[] | '*'): void {
  const problem = targetProblem(target, allowed);
  if (problem === null) return;
  if (problem === 'emergency_number') throw unacceptable(problem, path, 'emergency numbers are never called');
  if (problem === 'invalid_destination')
    throw unacceptable(problem, path, 'must dial numbers in E.164, like +15551234567, or SIP addresses');
  throw new ApiProblem({
    status: 403,
    code: problem,
    detail: 'this destination may not be called; ALLOWED_DESTINATIONS names those that may',
    errors: [{ path, message: 'is not an allowed destination' }],
  });
}

/** Signatures of the carrier, on the raw bytes of what it sends. */
import type { Request } from 'express';
import { Telnyx } from 'telnyx';
import { ApiProblem } from './problems';

/** Throws an ApiProblem (401) when the signature is missing, wrong or older than 5 minutes. */
export type Verifier = (body: Buffer, request: Request) => Promise<void>;

/**
 * Ed25519 over `timestamp|body`, within 5 minutes, by the SDK. Of a GET the body is empty: what its query says is not
 * signed (developers.telnyx.com: TeXML instruction fetching).
 *
 * @param publicKeys base64 of 32 bytes each; several while the carrier's key is being changed. Null: nothing is checked
 */
export function createVerifier(publicKeys: readonly string[] | null): Verifier {
  const { webhooks } = new Telnyx({ apiKey: 'only verifies', logLevel: 'off' });
  return async (body, request) => {
    if (publicKeys === null) return;
    const header = (name: string): string => String(request.headers[name] ?? '');
    const headers = {
      'telnyx-signature-ed25519': header('telnyx-signature-ed25519'),
      'telnyx-timestamp': header('telnyx-timestamp'),
    };
    // A valid signature over something that is no JSON is reported as a SyntaxError, and is valid.
    const isValid = async (key: string): Promise<boolean> =>
      webhooks.unwrap(body.toString('utf8'), { headers, key }).then(
        () => true,
        (error: unknown) => error instanceof SyntaxError,
      );
    for (const key of publicKeys) if (await isValid(key)) return;
    throw new ApiProblem({
      status: 401,
      code: 'invalid_signature',
      detail: 'the signature is missing, wrong or too old',
    });
  };
}

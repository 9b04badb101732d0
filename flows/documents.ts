/** Plays the customer's own documents: each is checked, and its addresses are put in place of ours and theirs. */
import { withAddresses } from '../texml/addresses';
import { parseTexml } from '../texml/reader';
import { farewell, linkOf } from './rendering';
import type { DocumentPosition, DocumentScript, DocumentTarget, Input, Scene, Turn } from './script';

export function stepDocuments(script: DocumentScript, position: DocumentPosition, input: Input, scene: Scene): Turn {
  if (input.kind === 'report') {
    const { report } = input;
    const came = report.kind === 'document' && report.texml !== null ? report : null;
    return came?.texml ? turnOf(came.texml, came.url, scene) : ended();
  }
  if (scene.number <= 1) {
    if ('texml' in script.first) return turnOf(script.first.texml, null, scene);
    return asking(script, position, { url: script.first.url, method: 'POST' }, input.fields);
  }
  const target = position.targets[input.target] ?? position.targets[0];
  return target === undefined ? ended() : asking(script, position, target, input.fields);
}

function asking(
  { fallbackUrl }: DocumentScript,
  position: DocumentPosition,
  target: DocumentTarget,
  fields: Extract<Input, { kind: 'asked' }>['fields'],
): Turn {
  return { kind: 'errand', errand: { kind: 'document', target, fallbackUrl, fields }, position };
}

/** `from` is where it came from: what relative addresses in it are relative to. */
function turnOf(texml: string, from: string | null, scene: Scene): Turn {
  const { document } = parseTexml(texml, 'us');
  if (document === null) return ended();
  const targets: DocumentTarget[] = [];
  const rewritten = withAddresses(document, {
    next: (address, method) => `${linkOf(scene)}?to=${targets.push({ url: absolute(address, from), method }) - 1}`,
    other: (address) => absolute(address, from),
    recordings: `${scene.base}/recordings/steps`,
  });
  return { kind: 'document', document: rewritten, position: { kind: 'documents', targets } };
}

/** One that cannot be made whole stays as it is: asking for it fails, and the call ends politely. */
function absolute(address: string, from: string | null): string {
  return URL.canParse(address, from ?? undefined) ? new URL(address, from ?? undefined).href : address;
}

const ended = (): Turn => ({
  kind: 'document',
  document: farewell(null),
  position: { kind: 'documents', targets: [] },
});

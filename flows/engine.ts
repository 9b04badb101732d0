/**
 * Decides what a TeXML call hears next. Pure: the same script, position and input give the same turn, in Temporal, in the
 * simulation and in a terminal alike. A position of another script leads to the end.
 */
import { stepDocuments } from './documents';
import { stepFlow } from './playing';
import { farewell } from './rendering';
import type { Input, Position, Scene, Script, Turn } from './script';

/** Where a script begins. */
export function begin(script: Script): Position {
  if (script.kind === 'documents') return { kind: 'documents', targets: [] };
  return { kind: 'flow', step: null, variables: script.variables, visits: {} };
}

/** The next document, or what has to be found out before. Never throws. */
export function step(script: Script, position: Position, input: Input, scene: Scene): Turn {
  if (script.kind === 'documents' && position.kind === 'documents') {
    return stepDocuments(script, position, input, scene);
  }
  if (script.kind === 'flow' && position.kind === 'flow') return stepFlow(script, position, input, scene);
  return { kind: 'document', document: farewell(null), position };
}

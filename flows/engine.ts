/**
 * Decides what a TeXML call hears next. Pure: the same script, position and input give the same turn, in Temporal, in the
 * simulation and in a terminal alike.
 */
import type { Input, Position, Scene, Script, Turn } from './script';

/** Where a script begins. */
export function begin(script: Script): Position {
  if (script.kind === 'documents') return { kind: 'documents', targets: [] };
  return { kind: 'flow', step: null, variables: script.variables, visits: {} };
}

/** The next document, or what has to be found out before. Never throws. */
export function step(script: Script, position: Position, input: Input, scene: Scene): Turn {
  throw new Error(`not built yet: ${script.kind} ${position.kind} ${input.kind} ${scene.callId}`);
}

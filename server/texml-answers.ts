/** What is answered when a TeXML call has no document of its own, or not yet. */
import type { Response } from 'express';
import { hangup, play, reject, response } from '../texml/builder';
import type { TexmlDocument } from '../texml/document';
import { writeTexml } from '../texml/writer';

export const HANG_UP = response(hangup());
export const REJECT = response(reject());

/** Played to whoever waits in a queue, over and over. */
export const holdMusic = (soundUrl: string): TexmlDocument => response(play({ loop: 0 }, soundUrl));

export function sendTexml(answer: Response, texml: string | TexmlDocument): void {
  answer.type('text/xml').send(typeof texml === 'string' ? texml : writeTexml(texml));
}

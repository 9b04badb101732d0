/**
 * Documents that nobody can write by mistake: each line has to be refused by the compiler (`npm run check` fails when one
 * compiles), and the test beside this file shows that the reader refuses it as well, for those who work without types.
 */
import * as texml from '../../../texml/builder';
import type { TexmlDocument } from '../../../texml/document';

const { response, say, dial, gather, connect, start, stop, number, sip, conference, stream, pause } = texml;

const SOCKET = { url: 'wss://a.example' };

export const IMPOSSIBLE: Readonly<Record<string, () => TexmlDocument>> = {
  // @ts-expect-error -- a noun is no verb
  'a Number on its own': () => response(number('+15551234567')),
  // @ts-expect-error -- text is no verb
  'text on its own': () => response('Hello'),
  // @ts-expect-error -- Say has text
  'a Say without text': () => response(say()),
  // @ts-expect-error -- Say has text, whatever its attributes
  'a Say of attributes only': () => response(say({ loop: 2 })),
  // @ts-expect-error -- numbers are numbers
  'a number as a word': () => response(gather({ timeout: 'long' })),
  // @ts-expect-error -- words are those of the table
  'an input that there is not': () => response(gather({ input: 'voice' })),
  // @ts-expect-error -- names are those of the table
  'a name that is spelled wrong': () => response(gather({ numdigits: 1 })),
  // @ts-expect-error -- TwiML has it, Telnyx has not
  'an attribute of TwiML': () => response(gather({ actionOnEmptyResult: true })),
  // @ts-expect-error -- only Say and Play
  'a Pause in Gather': () => response(gather(pause())),
  // @ts-expect-error -- only what Dial dials
  'a Say in Dial': () => response(dial(say('Hello'))),
  // @ts-expect-error -- a Conference is alone in its Dial
  'a Conference beside a Number': () => response(dial(conference('room'), number('+15551234567'))),
  // @ts-expect-error -- one or the other
  'a number and a Number': () => response(dial('+15551234567', number('+15551234567'))),
  // @ts-expect-error -- exactly one
  'two services connected': () => response(connect(stream(SOCKET), stream(SOCKET))),
  // @ts-expect-error -- exactly one
  'nothing connected': () => response(connect()),
  // @ts-expect-error -- required
  'a Stream to nowhere': () => response(start(stream())),
  // @ts-expect-error -- required
  'a Parameter without a value': () => response(start(stream(SOCKET, texml.parameter({ name: 'a' })))),
  // @ts-expect-error -- stopping takes a name at most
  'a Stream stopped by URL': () => response(stop(texml.stopStream({ url: 'wss:' }))),
  // @ts-expect-error -- no attributes
  'a Hangup with a reason': () => response(texml.hangup({ reason: 'busy' })),
  // @ts-expect-error -- nothing inside
  'a Hangup that says something': () => response(texml.hangup(say('Bye'))),
  // @ts-expect-error -- nothing inside
  'a Pause of text': () => response(pause('2')),
  // @ts-expect-error -- events are words, not one text
  'events in one text': () => response(dial(number({ statusCallbackEvent: 'ringing, answered' }, '+15551234567'))),
  // @ts-expect-error -- keys are for Number
  'keys for a Sip': () => response(dial(sip({ sendDigits: '1' }, 'sip:a@example.com'))),
  // @ts-expect-error -- a verb is no part of AIGather
  'a Say in AIGather': () => response(texml.aiGather(texml.parameters('{}'), say('Hello'))),
  // @ts-expect-error -- a part of HttpRequest is no verb
  'the Response of HttpRequest on its own': () => response(texml.httpResponse()),
};

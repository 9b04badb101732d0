/** One document, a menu of `blocks` blocks, written as the users of each library write it, and read by each reader. */
import XMLBuilder from 'fast-xml-builder';
import { XMLParser } from 'fast-xml-parser';
import { twiml } from 'twilio';
import { create } from 'xmlbuilder2';
import { dial, gather, number, pause, play, redirect, response, say, sip } from '../texml/builder';
import { parseTexml } from '../texml/reader';
import { writeTexml } from '../texml/writer';
import { readXml } from '../texml/xml-reader';

const NAME = 'Smith & Sons <London>';
const WELCOME = `Welcome to ${NAME}. Please listen, our menu has changed.`;
const PRESS = 'Press 1 for sales. Press 2 for support.';
const MUSIC = 'https://cdn.example.com/menu.mp3';
const NEXT = 'https://app.example.com/next?a=1&b=2';
const NUMBER = '+15559876543';
const SIP = 'sip:agent@pbx.example.com';
const VOICE = { voice: 'Polly.Joanna-Neural' } as const;
const INPUT = { input: 'dtmf speech', numDigits: 1, action: '/menu', timeout: 5, language: 'en-US' } as const;
const DIAL = { callerId: '+15551234567', timeout: 20, record: 'record-from-answer-dual', action: '/done' } as const;
const EVENTS = ['initiated', 'ringing', 'answered', 'completed'] as const;
const STATUS = 'https://app.example.com/status';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const times = <T>(blocks: number, make: () => readonly T[]): T[] => Array.from({ length: blocks }, make).flat();

export const WRITERS = {
  outcall: (blocks: number): string =>
    writeTexml(
      response(
        ...times(blocks, () => [
          say(VOICE, WELCOME),
          gather(INPUT, say(PRESS), play(MUSIC)),
          pause({ length: 2 }),
          dial(DIAL, number({ statusCallback: STATUS, statusCallbackEvent: EVENTS }, NUMBER), sip(SIP)),
        ]),
        redirect({ method: 'POST' }, NEXT),
      ),
    ),

  twilio: (blocks: number): string => {
    const document = new twiml.VoiceResponse();
    for (let block = 0; block < blocks; block++) {
      document.say(VOICE, WELCOME);
      const gathering = document.gather({ ...INPUT, input: ['dtmf', 'speech'] });
      gathering.say(PRESS);
      gathering.play(MUSIC);
      document.pause({ length: 2 });
      const dialing = document.dial(DIAL);
      dialing.number({ statusCallback: STATUS, statusCallbackEvent: [...EVENTS] }, NUMBER);
      dialing.sip(SIP);
    }
    document.redirect({ method: 'POST' }, NEXT);
    return document.toString();
  },

  xmlbuilder2: (blocks: number): string => {
    const document = create({ version: '1.0', encoding: 'UTF-8' }).ele('Response');
    for (let block = 0; block < blocks; block++) {
      document.ele('Say', VOICE).txt(WELCOME);
      const gathering = document.ele('Gather', INPUT);
      gathering.ele('Say').txt(PRESS);
      gathering.ele('Play').txt(MUSIC);
      document.ele('Pause', { length: 2 });
      const dialing = document.ele('Dial', DIAL);
      dialing.ele('Number', { statusCallback: STATUS, statusCallbackEvent: EVENTS.join(' ') }).txt(NUMBER);
      dialing.ele('Sip').txt(SIP);
    }
    document.ele('Redirect', { method: 'POST' }).txt(NEXT);
    return document.end();
  },

  'fast-xml-builder': (blocks: number): string => {
    const text = (content: string) => [{ '#text': content }];
    const verbs = times<object>(blocks, () => [
      { Say: text(WELCOME), ':@': VOICE },
      { Gather: [{ Say: text(PRESS) }, { Play: text(MUSIC) }], ':@': INPUT },
      { Pause: [], ':@': { length: 2 } },
      {
        Dial: [
          { Number: text(NUMBER), ':@': { statusCallback: STATUS, statusCallbackEvent: EVENTS.join(' ') } },
          { Sip: text(SIP) },
        ],
        ':@': DIAL,
      },
    ]);
    return DECLARATION + builder.build([{ Response: [...verbs, { Redirect: text(NEXT), ':@': { method: 'POST' } }] }]);
  },
} as const;

const builder = new XMLBuilder({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '' });

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
});

/** To a tree, and to a tree that is known to be right. */
export const READERS = {
  outcall: readXml,
  'outcall, checked': parseTexml,
  'fast-xml-parser': (text: string): unknown => parser.parse(text),
  'fast-xml-parser, validating': (text: string): unknown => parser.parse(text, true),
} as const;

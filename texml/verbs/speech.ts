/** Verbs that speak, play, wait and listen. */
import { action, anyText, callback, decimal, flag, integer, keys, method, oneOf, speech, url } from './row';
import type { Rows } from './row';

export const SPEECH_ENGINES = [
  'Google',
  'Telnyx',
  'Azure',
  'Deepgram',
  'xAI',
  'AssemblyAI',
  'Soniox',
  'Speechmatics',
  'Parakeet',
  'Humain',
  'Reson8',
  'Cohere',
] as const;

export const ringTone = oneOf(
  ...(['at', 'au', 'bg', 'br', 'be', 'ch', 'cl', 'cn', 'cz', 'de', 'dk', 'ee', 'es', 'fi', 'fr', 'gr', 'hu'] as const),
  ...(['il', 'in', 'it', 'lt', 'jp', 'mx', 'my', 'nl', 'no', 'nz', 'ph', 'pl', 'pt', 'ru', 'se', 'sg', 'th'] as const),
  ...(['tw', 've', 'za', 'us', 'us-old', 'uk'] as const),
);

const voice = {
  type: 'text',
  pattern:
    'man|woman|alice|(?:(?:AWS\\.)?Polly|Azure|ElevenLabs|Telnyx|Resemble|Minimax|Rime|Inworld|FishAudio)\\.[^ ]+',
  expected: 'man, woman, alice, or a voice of a provider: Polly.Joanna-Neural, Azure.…, ElevenLabs.…, Telnyx.…',
} as const;

const languageBoost = oneOf(
  ...(['Auto', 'English', 'German', 'Chinese', 'French', 'Italian', 'Japanese', 'Korean'] as const),
  ...(['Portuguese', 'Russian', 'Spanish', 'en', 'de', 'zh', 'fr', 'it', 'ja', 'ko', 'pt', 'ru', 'es'] as const),
);

export const SPEECH = {
  Say: {
    tag: 'Say',
    kind: 'verb',
    page: 'say',
    meaning: 'Speaks text.',
    attributes: {
      voice: {
        is: voice,
        default: 'man',
        meaning: 'Who speaks. `man` and `woman` speak American English; ElevenLabs needs `api_key_ref`.',
      },
      language: { is: anyText, meaning: 'Language of the voice `alice`; other voices have their own.' },
      loop: { is: integer(0, 10), default: '1', meaning: 'How often; 0 until the call ends.' },
      gender: { is: oneOf('Male', 'Female'), meaning: 'Gender of an Azure voice.' },
      effect: { is: oneOf('eq_telecomhp8k', 'eq_car'), meaning: 'Sound effect of an Azure voice.' },
      voiceSpeed: { is: decimal(0.1, 2), default: '1', meaning: 'How fast.' },
      api_key_ref: { is: anyText, meaning: 'Name of the secret with your key at the provider.' },
      region: { is: anyText, meaning: 'Region of the provider; needed for Azure with a key of your own.' },
      pronunciationDictId: { is: anyText, meaning: 'Id of a pronunciation dictionary.' },
      languageBoost: { is: languageBoost, meaning: 'Language hint for Qwen3TTS voices of Telnyx.' },
    },
    children: [],
    text: { is: speech, required: true, meaning: 'What is said; SSML with voices that know it.' },
  },
  Play: {
    tag: 'Play',
    kind: 'verb',
    page: 'play',
    meaning: 'Plays an audio file, keys or a ringing tone.',
    attributes: {
      loop: { is: integer(0), default: '1', meaning: 'How often; 0 until the call ends.' },
      mediaStorage: {
        is: flag,
        default: 'false',
        meaning: 'The text is the name of a file in Telnyx’s media storage.',
      },
      digits: { is: keys('0123456789*#w'), meaning: 'Keys to play instead of a file; `w` waits half a second.' },
      failoverUrl: { is: url, meaning: 'Tried once when the file cannot be played.' },
      continueOnError: {
        is: flag,
        default: 'false',
        meaning: 'Go on with the next verb when nothing could be played.',
      },
      ringTone: { is: ringTone, meaning: 'Ringing tone of a country, instead of a file.' },
    },
    children: [],
    text: { is: anyText, meaning: 'URL of an MP3 or WAV file, or a media name.' },
  },
  Pause: {
    tag: 'Pause',
    kind: 'verb',
    page: 'pause',
    meaning: 'Waits in silence.',
    attributes: { length: { is: integer(1, 180), default: '1', meaning: 'Seconds.' } },
    children: [],
  },
  Gather: {
    tag: 'Gather',
    kind: 'verb',
    page: 'gather',
    meaning: 'Collects keys or speech while what is nested is heard.',
    attributes: {
      action: action('input came, by the method of the TeXML application,'),
      input: { is: oneOf('dtmf', 'speech', 'dtmf speech'), default: 'dtmf', meaning: 'What counts as input.' },
      timeout: { is: integer(1, 120), default: '5', meaning: 'Seconds without a key after which it ends.' },
      numDigits: { is: integer(1, 128), meaning: 'Ends after this many keys.' },
      minDigits: { is: integer(1, 128), default: '1', meaning: 'Fewest keys.' },
      maxDigits: { is: integer(1, 128), default: '128', meaning: 'Most keys.' },
      finishOnKey: {
        is: { type: 'keys', keys: '0123456789*#', mayBeEmpty: true },
        default: '#',
        meaning: 'Keys that end it; empty for none.',
      },
      validDigits: { is: keys('0123456789*#'), meaning: 'Keys that count.' },
      invalidDigitsAction: {
        is: url,
        leads: true,
        meaning: 'Asked for the next document when keys came that do not count.',
      },
      speechTimeout: { is: integer(0), meaning: 'Seconds of silence after speech that end it.' },
      language: { is: anyText, default: 'en-US', meaning: 'Language of the speech.' },
      hints: { is: anyText, meaning: 'Words to expect, separated by commas; at Deepgram only with nova-2.' },
      keyterms: { is: anyText, meaning: 'Terms to expect, separated by commas; Deepgram nova-3 only.' },
      partialResultCallback: callback('what has been understood so far'),
      partialResultCallbackMethod: method('partialResultCallback'),
      profanityFilter: { is: flag, meaning: 'Masks swear words.' },
      useEnhanced: { is: flag, meaning: 'Google’s enhanced models.' },
      smartFormat: { is: flag, default: 'true', meaning: 'Deepgram’s capitals and punctuation.' },
      transcriptionEngine: { is: oneOf(...SPEECH_ENGINES), meaning: 'Who recognises the speech.' },
      model: { is: anyText, meaning: 'The engine’s model, as `deepgram/nova-3`.' },
      apiKeyRef: { is: anyText, meaning: 'Name of the secret with your key at Azure.' },
      region: { is: anyText, meaning: 'Azure’s region; needed with Azure.' },
    },
    children: ['Say', 'Play'],
  },
} as const satisfies Rows;

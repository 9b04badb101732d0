/**
 * What Twilio's TwiML has and Telnyx does not: a document that was written for Twilio is told so by name, and
 * `convert.ts` does what can be done. Telnyx ignores what it does not know without a word.
 */
import type { RowName } from './verbs';

/** Elements without an equal, each with what to do instead. */
export const TWIML_ELEMENTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    Client: 'dial the SIP address of its telephony credential: <Sip>sip:USERNAME@sip.telnyx.com</Sip>',
    Sim: 'dial the number of the SIM in a Number',
    WhatsApp: 'there is no equal',
    Application: 'there is no equal',
    Room: 'join a Conference',
    VirtualAgent: 'connect an AIAssistant or a ConversationRelay',
    Autopilot: 'connect an AIAssistant or a ConversationRelay',
    AiSession: 'connect an AIAssistant or a ConversationRelay',
    Sms: 'send it through the Messaging API from your webhook',
    Message: 'send it through the Messaging API from your webhook',
    Echo: 'remove it',
    Task: 'name a queue in Enqueue',
    Config: 'remove it',
    Conversation: 'join a Conference',
    ConversationRelaySession: 'connect a ConversationRelay',
    Identity: 'dial the SIP address of its telephony credential: <Sip>sip:USERNAME@sip.telnyx.com</Sip>',
  }),
);

/** Of an attribute that TwiML has: its name at Telnyx, or why there is none. */
export type TwimlAttribute = { readonly renamed: string } | { readonly dropped: string };

const renamed = (name: string): TwimlAttribute => ({ renamed: name });
const dropped = (why: string): TwimlAttribute => ({ dropped: why });
const none = dropped('Telnyx has nothing like it');

const ATTRIBUTES: Readonly<Partial<Record<RowName, Readonly<Record<string, TwimlAttribute>>>>> = {
  Gather: {
    method: dropped('Telnyx asks `action` by the method of the TeXML application'),
    speechModel: renamed('model'),
    enhanced: renamed('useEnhanced'),
    actionOnEmptyResult: none,
    bargeIn: none,
    debug: none,
    maxSpeechTime: none,
  },
  Dial: {
    trim: none,
    recordingTrack: none,
    referUrl: none,
    referMethod: none,
    events: none,
    passports: none,
    recordingConfigurationId: none,
  },
  Number: {
    byoc: none,
    amdStatusCallbackMethod: none,
    machineDetectionSpeechThreshold: dropped('at Telnyx it belongs to Dial'),
    machineDetectionSpeechEndThreshold: dropped('at Telnyx it belongs to Dial'),
    machineDetectionSilenceTimeout: dropped('at Telnyx it belongs to Dial'),
  },
  Sip: {
    amdStatusCallbackMethod: none,
    machineDetectionSpeechThreshold: dropped('at Telnyx it belongs to Dial'),
    machineDetectionSpeechEndThreshold: dropped('at Telnyx it belongs to Dial'),
    machineDetectionSilenceTimeout: dropped('at Telnyx it belongs to Dial'),
  },
  Conference: {
    region: none,
    recordingConfigurationId: none,
    coach: dropped('Telnyx coaches by the REST API: Participants with `Coaching`'),
    jitterBufferSize: none,
    eventCallbackUrl: renamed('statusCallback'),
  },
  Queue: { reservationSid: none, postWorkActivitySid: none },
  Enqueue: { workflowSid: none, maxQueueSize: none },
  Record: {
    transcribe: renamed('transcription'),
    transcribeCallback: renamed('transcriptionCallback'),
    recordingConfigurationId: none,
  },
  Recording: { name: dropped('Telnyx stops it by the REST API'), recordingConfigurationId: none },
  Start: { action: none, method: none },
  Stream: {
    connectorName: none,
    audioFormat: dropped('Telnyx has `codec`'),
    sampleRate: dropped('Telnyx has `bidirectionalSamplingRate`'),
  },
  Transcription: {
    statusCallbackUrl: renamed('transcriptionCallback'),
    statusCallbackMethod: renamed('transcriptionCallbackMethod'),
    languageCode: renamed('language'),
    track: renamed('transcriptionTracks'),
    partialResults: renamed('interimResults'),
    speechModel: renamed('model'),
    name: none,
    inboundTrackLabel: none,
    outboundTrackLabel: none,
    profanityFilter: none,
    enableAutomaticPunctuation: none,
    enableProviderData: none,
    intelligenceService: none,
    conversationConfiguration: none,
    conversationId: none,
  },
  StopTranscription: { name: none },
  ConversationRelay: {
    ttsProvider: dropped('at Telnyx the voice names its provider'),
    ttsLanguage: renamed('language'),
    transcriptionLanguage: dropped('Telnyx has one `language` for both sides'),
    speechModel: dropped('at Telnyx it belongs to Language'),
    interruptByDtmf: dropped('Telnyx has `interruptible`'),
    interruptSensitivity: none,
    profanityFilter: none,
    speechtimeout: none,
    backgroundnoisereduction: none,
    reportInputDuringAgentSpeech: none,
    preemptible: none,
    hints: none,
    debug: none,
    elevenlabsTextNormalization: none,
    intelligenceService: none,
    partialPrompts: none,
    deepgramSmartFormat: none,
    deepgramsmartformat: none,
    ignoreBackchannel: none,
    ignorebackchannel: none,
    conversationConfiguration: none,
    events: none,
  },
  Pay: {
    tokenType: none,
    bankAccountType: none,
    securityCode: none,
    input: none,
    requireMatchingInputs: none,
    confirmation: none,
  },
  Prompt: { requireMatchingInputs: none },
};

/** By the name of the row, then of the attribute. */
export const TWIML_ATTRIBUTES: ReadonlyMap<string, ReadonlyMap<string, TwimlAttribute>> = new Map(
  Object.entries(ATTRIBUTES).map(([row, attributes]) => [row, new Map(Object.entries(attributes))]),
);

/** All workflows, for the bundler. */
export { callBack } from './call-back';
export { coldCall } from './cold-call';
export { deliverRecording } from './deliver-recording';
export { sweepLegs } from './sweep-legs';
export { sweepRecordings } from './sweep-recordings';

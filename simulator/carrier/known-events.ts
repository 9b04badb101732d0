/** Voice event names of the Telnyx API reference, section "webhooks": the legal keys of `webhook_urls`. */
const names = `
call.ai_gather.ended call.ai_gather.message_history_updated call.ai_gather.partial_results call.answered call.bridged
call.conversation.ended call.conversation_insights.generated call.cost call.deepfake_detection.error
call.deepfake_detection.result call.dequeued call.dtmf.received call.enqueued call.fork.started call.fork.stopped
call.gather.ended call.hangup call.hold call.initiated call.machine.detection.ended call.machine.greeting.ended
call.machine.premium.detection.ended call.machine.premium.greeting.ended call.playback.ended call.playback.started
call.recording.error call.recording.saved call.recording.transcription.saved call.refer.completed call.refer.failed
call.refer.started call.speak.ended call.speak.started call.transcription call.unhold conference.created
conference.ended conference.floor.changed conference.participant.joined conference.participant.left
conference.participant.playback.ended conference.participant.playback.started conference.participant.speak.ended
conference.participant.speak.started conference.playback.ended conference.playback.started conference.recording.saved
conference.speak.ended conference.speak.started siprec.failed siprec.started siprec.stopped streaming.failed
streaming.started streaming.stopped`;

export const knownEvents: ReadonlySet<string> = new Set(names.trim().split(/\s+/));

/** `/texml_applications`: where documents of calls come from when a request does not say. */
import { numberedPage, ok, refuse } from '../carrier/answers';
import { instant } from '../carrier/events';
import { textOf } from '../carrier/wishes';
import type { Answer, JsonObject, World } from '../carrier/world';
import type { Method, TexmlApplication } from './state';

const notFound = (): Answer => refuse('notFound', { detail: 'The requested resource or URL could not be found.' });

const methodIn = (body: JsonObject, key: string, usual: Method): Method =>
  (textOf(body, key)?.toUpperCase() as Method | undefined) ?? usual;

const resource = (application: TexmlApplication): JsonObject => ({
  record_type: 'texml_application',
  id: application.id,
  friendly_name: application.name,
  active: true,
  voice_url: application.voiceUrl,
  voice_method: application.voiceMethod.toLowerCase(),
  voice_fallback_url: application.voiceFallbackUrl,
  status_callback: application.statusCallback,
  status_callback_method: application.statusCallbackMethod.toLowerCase(),
  outbound: { outbound_voice_profile_id: application.outboundVoiceProfileId },
  created_at: instant(application.createdAtMs),
  updated_at: instant(application.createdAtMs),
});

export const listApplications = (world: World, query: Readonly<Record<string, string>>): Answer =>
  numberedPage([...world.texml.applications.values()].map(resource), query);

export function getApplication(world: World, id: string): Answer {
  const application = world.texml.applications.get(id);
  return application === undefined ? notFound() : ok(resource(application));
}

export function createApplication(world: World, body: JsonObject): Answer {
  const missing = ['friendly_name', 'voice_url'].find((key) => textOf(body, key) === null);
  if (missing !== undefined) return refuse('missing', { detail: `${missing} is required.`, pointer: `/${missing}` });
  const id = `29${String(Math.floor(world.deps.random() * 1e15)).padStart(15, '0')}`;
  const application = addApplication(world, { id, name: textOf(body, 'friendly_name') ?? '', profileId: null });
  change(application, body);
  return { status: 201, body: { data: resource(application) } };
}

export function updateApplication(world: World, id: string, body: JsonObject): Answer {
  const application = world.texml.applications.get(id);
  if (application === undefined) return notFound();
  change(application, body);
  return ok(resource(application));
}

export function deleteApplication(world: World, id: string): Answer {
  const answer = getApplication(world, id);
  world.texml.applications.delete(id);
  return answer;
}

interface NewApplication {
  readonly id: string;
  readonly name: string;
  readonly profileId: string | null;
}

export function addApplication(world: World, { id, name, profileId }: NewApplication): TexmlApplication {
  const application: TexmlApplication = {
    id,
    name,
    voiceUrl: null,
    voiceMethod: 'POST',
    voiceFallbackUrl: null,
    statusCallback: null,
    statusCallbackMethod: 'POST',
    outboundVoiceProfileId: profileId,
    createdAtMs: world.deps.clock.now(),
  };
  world.texml.applications.set(id, application);
  return application;
}

function change(application: TexmlApplication, body: JsonObject): void {
  application.name = textOf(body, 'friendly_name') ?? application.name;
  application.voiceUrl = textOf(body, 'voice_url') ?? application.voiceUrl;
  application.voiceMethod = methodIn(body, 'voice_method', application.voiceMethod);
  application.statusCallbackMethod = methodIn(body, 'status_callback_method', application.statusCallbackMethod);
  if ('voice_fallback_url' in body) application.voiceFallbackUrl = textOf(body, 'voice_fallback_url');
  if ('status_callback' in body) application.statusCallback = textOf(body, 'status_callback');
  const { outbound } = body;
  if (typeof outbound === 'object' && outbound !== null && 'outbound_voice_profile_id' in outbound) {
    const id = outbound.outbound_voice_profile_id;
    application.outboundVoiceProfileId = typeof id === 'string' ? id : null;
  }
}

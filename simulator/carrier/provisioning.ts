/** The account around the calls, as far as a client reads it: application, numbers, profile, balance, credentials. */
import { numberedPage, ok, refuse } from './answers';
import { instant } from './events';
import { lettersAndDigits, uuid } from './ids';
import type { Query } from './reads';
import { textOf } from './wishes';
import type { Answer, Application, Credential, JsonObject, World } from './world';

/** The user that everything belongs to; paths of TeXML call it the account. */
export const accountSid = '00000000-0000-4000-8000-000000000001';

const notFound = (): Answer => refuse('notFound', { detail: 'The requested resource or URL could not be found.' });

const applicationResource = (application: Application): JsonObject => ({
  record_type: 'call_control_application',
  id: application.id,
  application_name: application.name,
  active: true,
  webhook_event_url: application.webhookUrl,
  webhook_event_failover_url: application.failoverUrl,
  webhook_api_version: '2',
  webhook_timeout_secs: null,
  outbound: { outbound_voice_profile_id: application.outboundVoiceProfileId },
  created_at: instant(application.createdAtMs),
  updated_at: instant(application.createdAtMs),
});

export const listApplications = (world: World, query: Query): Answer =>
  numberedPage([...world.applications.values()].map(applicationResource), query);

export function getApplication(world: World, id: string): Answer {
  const application = world.applications.get(id);
  return application === undefined ? notFound() : ok(applicationResource(application));
}

export function createApplication(world: World, body: JsonObject): Answer {
  const name = textOf(body, 'application_name');
  const webhookUrl = textOf(body, 'webhook_event_url');
  if (name === null)
    return refuse('missing', { detail: 'application_name is required.', pointer: '/application_name' });
  if (webhookUrl === null)
    return refuse('missing', { detail: 'webhook_event_url is required.', pointer: '/webhook_event_url' });
  const application: Application = {
    id: `29${String(Math.floor(world.deps.random() * 1e15)).padStart(15, '0')}`,
    name,
    webhookUrl,
    failoverUrl: textOf(body, 'webhook_event_failover_url'),
    outboundVoiceProfileId: profileIn(body) ?? null,
    createdAtMs: world.deps.clock.now(),
  };
  world.applications.set(application.id, application);
  return { status: 201, body: { data: applicationResource(application) } };
}

export function patchApplication(world: World, id: string, body: JsonObject): Answer {
  const application = world.applications.get(id);
  if (application === undefined) return notFound();
  application.name = textOf(body, 'application_name') ?? application.name;
  application.webhookUrl = textOf(body, 'webhook_event_url') ?? application.webhookUrl;
  if ('webhook_event_failover_url' in body) application.failoverUrl = textOf(body, 'webhook_event_failover_url');
  const profile = profileIn(body);
  if (profile !== undefined) application.outboundVoiceProfileId = profile;
  return ok(applicationResource(application));
}

/** The profile named in `outbound`: null takes it away, undefined leaves it. */
function profileIn(body: JsonObject): string | null | undefined {
  const outbound = body['outbound'];
  if (typeof outbound !== 'object' || outbound === null || !('outbound_voice_profile_id' in outbound)) return undefined;
  return typeof outbound.outbound_voice_profile_id === 'string' ? outbound.outbound_voice_profile_id : null;
}

export const profileId = '1293384261075731499';

export function getOutboundVoiceProfile(world: World, id: string): Answer {
  if (id !== profileId) return notFound();
  return ok({
    record_type: 'outbound_voice_profile',
    id: profileId,
    name: 'Simulator',
    enabled: true,
    traffic_type: 'conversational',
    service_plan: 'global',
    concurrent_call_limit: world.settings.concurrentCallLimit || null,
    whitelisted_destinations: ['US', 'CA', 'GB', 'DE', 'FR', 'VN'],
    connections_count: world.applications.size,
  });
}

export function listPhoneNumbers(world: World, query: Query): Answer {
  const wanted = query['filter[phone_number]'];
  const numbers = world.deps.account.phoneNumbers.filter((number) => wanted === undefined || number.includes(wanted));
  const resources = numbers.map((number, index) => ({
    record_type: 'phone_number',
    id: `129338426${String(index).padStart(10, '0')}`,
    phone_number: number,
    status: 'active',
    connection_id: world.deps.account.connectionId,
    connection_name: 'Simulator',
    country_iso_alpha2: 'US',
  }));
  return numberedPage(resources, query);
}

export const getBalance = (): Answer =>
  ok({
    record_type: 'balance',
    balance: '300.00',
    pending: '0.00',
    credit_limit: '100.00',
    available_credit: '400.00',
    currency: 'USD',
  });

const credentialResource = (credential: Credential): JsonObject => ({
  record_type: 'credential',
  id: credential.id,
  resource_id: `connection:${credential.connectionId}`,
  ...(credential.name === null ? {} : { name: credential.name }),
  ...(credential.tag === null ? {} : { tag: credential.tag }),
  sip_username: credential.sipUsername,
  sip_password: credential.sipPassword,
  expired: false,
  ...(credential.expiresAt === null ? {} : { expires_at: credential.expiresAt }),
  user_id: accountSid,
  created_at: instant(credential.createdAtMs),
  updated_at: instant(credential.createdAtMs),
});

export function createCredential(world: World, body: JsonObject): Answer {
  const connectionId = textOf(body, 'connection_id');
  if (connectionId === null)
    return refuse('missing', { detail: 'connection_id is required.', pointer: '/connection_id' });
  const credential: Credential = {
    id: uuid(world.deps.random),
    connectionId,
    name: textOf(body, 'name'),
    tag: textOf(body, 'tag'),
    sipUsername: `gencred${lettersAndDigits(world.deps.random, 37)}`,
    sipPassword: lettersAndDigits(world.deps.random, 32),
    expiresAt: textOf(body, 'expires_at'),
    createdAtMs: world.deps.clock.now(),
  };
  world.credentials.set(credential.id, credential);
  return { status: 201, body: { data: credentialResource(credential) } };
}

export function listCredentials(world: World, query: Query): Answer {
  const wanted = (key: string, value: string | null) => (query[`filter[${key}]`] ?? value) === value;
  const shown = [...world.credentials.values()].filter(
    ({ tag, name, sipUsername, connectionId }) =>
      wanted('tag', tag) &&
      wanted('name', name) &&
      wanted('sip_username', sipUsername) &&
      wanted('resource_id', `connection:${connectionId}`),
  );
  return numberedPage(shown.map(credentialResource), query);
}

export function getCredential(world: World, id: string): Answer {
  const credential = world.credentials.get(id);
  return credential === undefined ? notFound() : ok(credentialResource(credential));
}

export function deleteCredential(world: World, id: string): Answer {
  const answer = getCredential(world, id);
  world.credentials.delete(id);
  return answer;
}

/** Three parts like a JWT, signed by nobody: enough for a client that hands it on. */
export function createToken(world: World, id: string): Answer {
  if (!world.credentials.has(id)) return notFound();
  const token = `eyJhbGciOiJub25lIn0.${lettersAndDigits(world.deps.random, 60)}.simulated`;
  return { status: 201, body: token, contentType: 'text/plain' };
}

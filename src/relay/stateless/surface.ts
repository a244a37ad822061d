import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { isRefusalCode } from '../../wire/refusal-code.ts';
import type { SyncPlace } from '../../wire/sync-path.ts';
import { channelHeader, refuseOrigin, type OriginCheck } from '../client/http/cross-origin.ts';
import { discardBody } from '../client/http/discard-body.ts';
import { isOutdated } from '../config/app-version.ts';
import type { RelayLimits } from '../config/relay-options.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import type { Visit } from '../serving/serving.ts';
import { checkBearer, refuseOthersContent, signIn } from './bearer.ts';
import { deliver, type Answer, type Delivery } from './deliver-answer.ts';
import { deliverLines, type LinesAnswer } from './deliver-lines.ts';
import { grantToken, notOffered, requireMethod } from './grant-token.ts';
import { answerPerson } from './personal-requests.ts';
import { createPull, readPull } from './pull/pull.ts';
import { createPush } from './push/push.ts';
import { readPush } from './push/read-push.ts';
import { readTokenRequest } from './read-token-request.ts';
import { busy, checkServing, Resync, stopping, storageFailed, StatelessRefusal } from './refusal.ts';
import { createPlaces, type Place, type Places } from './request-places.ts';
import { createRelayTokens, type RelayTokens } from './relay-tokens.ts';
import { answerOfRefusal, openAccount, readRequest, type RequestAccount } from './requests.ts';

/** Answers requests of clients without a connection: any relay of the storage can answer each of them. */
export interface StatelessSurface {
  /** Returns false if the request is for something else. */
  answer(request: IncomingMessage, response: ServerResponse, place: SyncPlace): boolean;
  /** Refuses requests that have no answer yet and are not being stored, and soon ends those whose answer is not taken. */
  drain(): void;
  /** Resolves once no request is being answered. */
  idle(): Promise<void>;
}

export interface StatelessOptions {
  /** Opens the namespace of an app, and keeps it open. Rejects with a `StatelessRefusal` unless the relay is accepting requests. */
  enter(appID: string | undefined): Promise<Visit>;
  readonly origins: OriginCheck;
  addressOf(request: IncomingMessage): string;
  readonly limits: Pick<RelayLimits, 'messageBytes' | 'firstFrameMs' | 'requestsPerAddress'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const maxBodyBytes = 10_000_000;
const maxProofBytes = 20_000;
/** With the signatures of its keyring's agents. */
const maxPersonalProofBytes = 50_000;
/** Each reads all groups of the storage, and all wait for each other. */
const personalPerAddress = 2;
/** How long a client may stall while the relay is stopping. */
const lastMs = 1_000;

interface Parts {
  readonly push: ReturnType<typeof createPush>;
  readonly pull: ReturnType<typeof createPull>;
  readonly tokens: RelayTokens;
}

export function createStatelessSurface(options: StatelessOptions): StatelessSurface {
  const { origins, addressOf, limits, clock, logger } = options;
  const waitMs = limits.firstFrameMs;
  const bodies = { maxBytes: Math.min(maxBodyBytes, limits.messageBytes), waitMs, clock };
  const parts = new WeakMap<StatelessTools, Parts>();
  const pushing = createPlaces(limits.requestsPerAddress);
  const pulling = createPlaces(limits.requestsPerAddress);
  const serving = createPlaces(Math.min(limits.requestsPerAddress, personalPerAddress));
  /** Each ends a request. */
  const open = new Set<() => void>();
  let isDraining = false;
  const onIdle: (() => void)[] = [];

  function partsOf(tools: StatelessTools): Parts {
    const known = parts.get(tools) ?? {
      push: createPush(tools),
      pull: createPull(tools),
      tokens: createRelayTokens({ ...tools, store: tools.bearerStore }),
    };
    parts.set(tools, known);
    return known;
  }

  /** Undefined if the client has gone. */
  async function run(one: OpenRequest, part: Stateless, tools: StatelessTools): Promise<object | undefined> {
    const { request, memory } = one;
    const own = partsOf(tools);
    checkVersion(request, tools);
    if (part === 'nonce' && queryOf(request).get('for') === 'erasure')
      return own.tokens.createNonce('erasure-nonce');
    if (part === 'nonce' || part === 'token') return signInBy(one, part, tools);
    if (part === 'erase' || part === 'export') return serve(one, part, tools);
    const { signInMethods } = tools;
    const sender = await checkBearer(request, addressOf(request), signInMethods, part, {
      ...tools,
      tokens: own.tokens,
    });
    checkServing(tools);
    const rights = tools.rightsOf?.(sender.principal);
    if (rights) one.signal.addEventListener('abort', rights.close);
    if (part === 'pull')
      return own.pull(readPull(queryOf(request)), { memory, sender, rights, place: one.enter(pulling) });
    // Reading and parsing the body cost time, too.
    pushing.check(addressOf(request));
    const body = await readRequest(request, { ...bodies, signal: one.signal }, memory);
    if (!body) return undefined;
    const place = one.enter(pushing);
    const parse = () => {
      const push = readPush(body, tools.appID);
      refuseOthersContent(push.changes, sender);
      for (const message of push.changes) tools.measure.received({ kind: 'sync', message });
      return push;
    };
    return own.push(parse, { memory, sender, rights, place });
  }

  /** A person erases or exports what is their own. An address may have few of these at once. */
  async function serve(
    { request, signal, memory, enter }: OpenRequest,
    part: 'erase' | 'export',
    tools: StatelessTools,
  ): Promise<object | undefined> {
    checkServing(tools);
    const address = addressOf(request);
    serving.check(address);
    const body = await readRequest(request, { ...bodies, signal, maxBytes: maxPersonalProofBytes }, memory);
    if (!body) return undefined;
    const { tokens } = partsOf(tools);
    enter(serving);
    return answerPerson(part, { request, signal, address, body, tokens, tools });
  }

  /** An account proves itself without a connection: by a nonce, and then a token for its requests, or a ticket. */
  async function signInBy(
    { request, signal, memory }: OpenRequest,
    part: 'nonce' | 'token',
    tools: StatelessTools,
  ): Promise<object | undefined> {
    const { signInMethods, signIns } = tools;
    const { tokens } = partsOf(tools);
    if (part === 'nonce') {
      requireMethod(signInMethods, 'account');
      return tokens.createNonce();
    }
    if (!signInMethods) throw notOffered('account');
    const read = await readRequest(request, { ...bodies, signal, maxBytes: maxProofBytes }, memory);
    const wanted = read && readTokenRequest(read);
    if (!wanted) return undefined;
    return signIn(addressOf(request), signIns, () => grantToken(request, wanted, { tokens, signInMethods }));
  }

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    part: Stateless,
    appID: string | undefined,
  ): Promise<void> {
    const ending = new AbortController();
    let delivery: Delivery | undefined;
    const end = () => {
      ending.abort(stopping('draining'));
      delivery?.hurry(lastMs);
    };
    open.add(end);
    response.once('close', () => ending.abort(busy('The client has gone.')));
    if (isDraining) end();
    let visit: Visit | undefined;
    let memory: RequestAccount | undefined;
    try {
      const answer = await find();
      if (!answer) return;
      if (!request.complete) response.setHeader('connection', 'close');
      const sent = () => (request.complete ? undefined : discardBody(request, clock));
      delivery =
        'lines' in answer.body
          ? deliverLines(response, answer.body as LinesAnswer, {
              ...{ waitMs, clock },
              failed: (error) => logger.warn('Could not send all of an export', { error }),
            })
          : deliver(response, answer, { waitMs, clock, sending: memory?.sending ?? (() => {}), sent });
      if (isDraining) end();
      await delivery.ended;
    } finally {
      memory?.close();
      visit?.end();
      open.delete(end);
      if (open.size === 0) for (const run of onIdle.splice(0)) run();
    }

    async function find(): Promise<Answer | undefined> {
      let place: Place | undefined;
      try {
        visit = await options.enter(appID);
        const { tools } = visit;
        if (!tools)
          throw new StatelessRefusal(
            'not-found',
            `This relay does not serve the app ${JSON.stringify(appID)}.`,
          );
        memory = openAccount(tools.memory, ending.signal, (refusal) => {
          ending.abort(refusal);
          delivery?.cut();
        });
        const enter = (places: Places) => (place = places.enter(addressOf(request), ending.signal));
        const found = await run({ request, memory, signal: ending.signal, enter }, part, tools);
        return found && { status: 200, body: found };
      } catch (error) {
        if (response.destroyed) return undefined;
        if (error instanceof Resync) return { status: 410, body: { resync: true } };
        const refusal = refusalOf(error);
        if (isRefusalCode(refusal.code)) visit?.tools?.measure.refused(refusal.code);
        return answerOfRefusal(refusal);
      } finally {
        place?.leave();
      }
    }
  }

  function refusalOf(error: unknown): StatelessRefusal {
    const failed = isDraining ? stopping('draining') : storageFailed();
    const refusal = error instanceof StatelessRefusal ? error : failed;
    if (refusal !== error) logger.warn('Could not answer a request without a connection', { error });
    else logger.debug('Refused a request without a connection', { code: refusal.code });
    return refusal;
  }

  return {
    answer(request, response, { appID, part }) {
      const stateless = statelessPart(request, part);
      if (!stateless) return false;
      if (refuseOrigin(request, response, origins)) return true;
      // Without a socket, because an answer to an earlier request on the connection has not been taken yet.
      if (response.socket) void handle(request, response, stateless, appID);
      else refuseNext(response);
      return true;
    },
    drain() {
      isDraining = true;
      for (const end of open) end();
    },
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => onIdle.push(resolve))),
  };
}

interface OpenRequest {
  readonly request: IncomingMessage;
  readonly memory: RequestAccount;
  /** Aborted with a `StatelessRefusal` when the relay works on the request no more. */
  readonly signal: AbortSignal;
  /** Takes a place, until the answer is made. */
  enter(places: Places): Place;
}

function refuseNext(response: ServerResponse): void {
  const { status, body, headers } = answerOfRefusal(
    busy('Requests on a connection are answered one by one.'),
  );
  response
    .writeHead(status, { ...headers, 'content-type': 'application/json', connection: 'close' })
    .end(`${JSON.stringify(body)}\n`);
}

type Stateless = 'push' | Exclude<SyncPlace['part'], 'sync' | 'ws'>;

/** Undefined if the request is for a channel, or for nothing. */
function statelessPart({ method, headers }: IncomingMessage, part: SyncPlace['part']): Stateless | undefined {
  if (part === 'pull') return method === 'GET' ? part : undefined;
  if (part === 'ws') return undefined;
  if (part !== 'sync') return method === 'POST' ? part : undefined;
  const isPush = method === 'POST' && isJson(headers['content-type']) && !(channelHeader in headers);
  return isPush ? 'push' : undefined;
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  return new URLSearchParams(url.split('?').slice(1).join('?'));
}

/** A relay may require a version of the app, as of clients that connect. */
function checkVersion({ headers }: IncomingMessage, { minAppVersion }: StatelessTools): void {
  const version = headers['x-app-version'];
  if (minAppVersion === undefined || !isOutdated(String(version ?? ''), minAppVersion)) return;
  throw new StatelessRefusal(
    'outdated',
    `The relay serves only apps of version ${minAppVersion} or newer. Send the version in the header \`X-App-Version\`.`,
  );
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/json(?:;|$)/i.test(contentType ?? '');
}

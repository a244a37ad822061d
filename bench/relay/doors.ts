import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { BenchContext } from '../harness/suite.ts';
import { compare, type Comparison } from '../harness/line.ts';
import { measureRounds, type Contender } from '../harness/rounds.ts';
import { quantile } from '../harness/statistics.ts';
import { createEditStreams } from './corpus.ts';
import type { Measure } from './measurement.ts';
import { ourNames, startUntilEnd } from './servers.ts';
import { awaitFrame, openSocket, openUploader, signIn, uploadInOrder } from './uploader.ts';

const names = { signedIn: 'with a token', open: 'without sign-in' };
const connections = 200;
const inFlight = 50;
const editsPerStream = 60;

/** Of a CoValue that the relay does not have. */
const load = JSON.stringify({ action: 'load', id: 'co_zUnknown', header: false, sessions: {} });

/** Connects one client after the other, and returns the milliseconds until each has the answer to its first load. */
async function timeConnections(url: string, tokens: readonly (string | undefined)[]) {
  const times: number[] = [];
  for (const token of tokens) {
    const startedMs = performance.now();
    const socket = await openSocket(url);
    if (token !== undefined) await signIn(socket, token);
    const answered = awaitFrame(socket, '"known"');
    socket.send(load);
    await answered;
    times.push(performance.now() - startedMs);
    socket.terminate();
  }
  return times;
}

function doorContender(
  name: string,
  url: string,
  createToken: (() => Promise<string>) | undefined,
): Contender {
  const tokensFor = (count: number) =>
    Promise.all(Array.from({ length: count }, () => createToken?.() ?? Promise.resolve(undefined)));
  return {
    name,
    async measure(round) {
      const times = await timeConnections(url, await tokensFor(connections));
      const { before, streams } = await createEditStreams(
        1_000 * (round + 2) + inFlight,
        inFlight,
        editsPerStream,
      );
      const [token] = await tokensFor(1);
      await uploadInOrder(url, before, token);
      const uploader = await openUploader(url, token);
      const startedMs = performance.now();
      await uploader.send(streams);
      const seconds = (performance.now() - startedMs) / 1_000;
      uploader.close();
      return {
        'first answer p50': quantile(times, 0.5),
        'first answer p99': quantile(times, 0.99),
        edits: (inFlight * editsPerStream) / seconds,
      };
    },
  };
}

/** Serves a key, and signs tokens of other users with it. */
async function openIdentityServer(context: BenchContext) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key', alg: 'EdDSA' }] });
  const server = createServer((_, response) => void response.end(keys)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.finally(async () => {
    server.closeAllConnections();
    await once(server.close(), 'close');
  });
  let users = 0;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    createToken: () =>
      new SignJWT({ sub: `user-${users++}` })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'key' })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey),
  };
}

const readings = {
  answer:
    'milliseconds from dialling to the answer to the first load, one client after the other, each with the token of another user, compared with a relay that lets everyone in. Lower is better.',
  edits:
    'edits a second that are stored and acknowledged, with 50 in flight, each in its own CoValue, for a client that signed in, compared with a relay that lets everyone in. Higher is better.',
};

/** What it costs that clients sign in. */
export const measureDoors: Measure = async ({ context, commands, durable }) => {
  const identity = await openIdentityServer(context);
  const lines: ReturnType<typeof compare>[] = [];
  for (const kind of durable) {
    const start = async (env: Readonly<Record<string, string>>) =>
      `${(await startUntilEnd(context, { ...(await commands.ours(kind)), env })).webSocketUrl}/sync`;
    const samples = await measureRounds([
      doorContender(names.signedIn, await start({ JWKS_URL: identity.url }), identity.createToken),
      doorContender(names.open, await start({}), undefined),
    ]);
    const common = { suite: 'relay', ours: names.signedIn, peer: names.open } as const;
    const comparisons: readonly Comparison[] = [
      ...(['p50', 'p99'] as const).map((share): Comparison => ({
        ...common,
        name: `first answer of a connection with a token, ${share}, ${ourNames[kind]}`,
        unit: 'ms',
        better: 'lower',
        figure: `first answer ${share}`,
        reading: readings.answer,
        ...(share === 'p50' && { goal: { aboveByAtMost: 2 } }),
      })),
      {
        ...common,
        name: `durable transactions of a client that signed in, ${inFlight} in flight, ${ourNames[kind]}`,
        unit: 'tx/s',
        better: 'higher',
        figure: 'edits',
        reading: readings.edits,
        goal: { ratioAtLeast: 0.95 },
      },
    ];
    lines.push(...comparisons.map((comparison) => compare(samples, comparison)));
  }
  return lines;
};

import type { AgentSecret, CryptoProvider } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { encodeFrame, type ChallengeFrame } from '../../wire/frames.ts';
import { receiptType, type Receipt } from '../../wire/receipt.ts';
import { agentOfStorage } from '../storage/agent-of-storage.ts';

/** Signs the latest mark of the storage for clients that ask. */
export interface Receipts {
  /** Reads the storage's secret. Resolves with the key that signs, or with undefined if there is none: no receipts then. */
  begin(): Promise<string | undefined>;
  /** `send` is called at most once, with a frame. Of the challenges of a client that wait, only the latest gets an answer. */
  ask(clientID: string, challenge: ChallengeFrame, send: (frame: string) => void): void;
  /** Call it once the client has disconnected: nothing is kept of it. */
  left(clientID: string): void;
  stop(): void;
}

export interface ReceiptsOptions {
  readonly crypto: CryptoProvider;
  readSecret(): Promise<string>;
  /** Reads from the database. Resolves with undefined while it may have gone back: no answer then. */
  readMarks(numbers: readonly number[]): Promise<ReceiptState | undefined>;
  /** Calls `run` at once, or after the storage was compared. */
  onceSure(run: () => void): void;
  readonly clock: Pick<Clock, 'after' | 'elapsedMs'>;
  readonly logger: Logger;
}

export interface ReceiptState {
  readonly identity: { readonly id: string; readonly epoch: string };
  readonly latest: NumberedMark;
  readonly earlier: readonly NumberedMark[];
}

interface NumberedMark {
  readonly number: number;
  readonly name: string;
}

interface Waiting {
  readonly challenge: ChallengeFrame;
  readonly send: (frame: string) => void;
}

/** However many clients ask, the database is read once in this time, and so many get a signature. The others wait for the next. */
const pauseMs = 100;
export const maxAnswers = 100;
/** A kernel asks at each connection, and for each new record of the account. */
const answerIntervalMs = 2_000;
const label = 'maia-receipt';

export function createReceipts(options: ReceiptsOptions): Receipts {
  const { crypto, readSecret, readMarks, onceSure, clock, logger } = options;
  let agent: AgentSecret | undefined;
  const waiting = new Map<string, Waiting>();
  /** Those for which the marks are being read. */
  let answering = new Map<string, Waiting>();
  /** When clients got their latest answers, in this order. */
  const answeredMs = new Map<string, number>();
  let cancel: (() => void) | undefined;

  function readSoon(): void {
    cancel ??= clock.after(pauseMs, () => onceSure(() => void answer()));
  }

  /** The marks are read after each of these challenges has come: a client knows no mark that was added later. */
  async function answer(): Promise<void> {
    takeDue();
    if (answering.size > 0) {
      try {
        const numbers = [...answering.values()].flatMap(({ challenge }) => challenge.at);
        const state = await readMarks([...new Set(numbers)]);
        if (state && agent) sendAll(agent, state);
      } catch (error) {
        logger.debug('Could not read the marks of the storage', { error });
      }
    }
    cancel = undefined;
    if (waiting.size > 0) readSoon();
  }

  function takeDue(): void {
    const nowMs = clock.elapsedMs();
    for (const [clientID, atMs] of answeredMs)
      if (nowMs - atMs >= answerIntervalMs) answeredMs.delete(clientID);
    answering = new Map([...waiting].filter(([clientID]) => !answeredMs.has(clientID)).slice(0, maxAnswers));
    for (const clientID of answering.keys()) waiting.delete(clientID);
  }

  function sendAll(secret: AgentSecret, { identity, latest, earlier }: ReceiptState): void {
    const signer = crypto.getAgentSignerSecret(secret);
    const roots = new Map(earlier.map(({ number, name }) => [number, name]));
    for (const [clientID, { challenge, send }] of answering) {
      const receipt: Receipt = {
        typ: receiptType,
        storageID: identity.id,
        epoch: identity.epoch,
        n: latest.number,
        root: latest.name,
        nonce: challenge.nonce,
        at: [...new Set(challenge.at)].flatMap((n) => {
          const root = roots.get(n);
          return root === undefined ? [] : [{ n, root }];
        }),
      };
      answeredMs.set(clientID, clock.elapsedMs());
      send(encodeFrame({ maia: 'receipt', receipt, signature: crypto.sign(signer, receipt) }));
    }
  }

  return {
    async begin() {
      try {
        agent = agentOfStorage(crypto, await readSecret(), label);
        return crypto.getAgentSignerID(crypto.getAgentID(agent));
      } catch (error) {
        agent = undefined;
        logger.warn('Could not read the secret of the storage, so this relay gives no receipts', { error });
        return undefined;
      }
    },
    ask(clientID, challenge, send) {
      waiting.set(clientID, { challenge, send });
      readSoon();
    },
    left(clientID) {
      for (const clients of [waiting, answering, answeredMs]) clients.delete(clientID);
    },
    stop() {
      cancel?.();
      waiting.clear();
    },
  };
}

import type { AgentSecret, CryptoProvider } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { encodeFrame, type ChallengeFrame } from '../../wire/frames.ts';
import { receiptType, type Receipt } from '../../wire/receipt.ts';
import { agentOfStorage } from './storage-agent.ts';

/** Signs the latest mark of the storage for clients that ask. Nothing is kept of a client that is not waiting. */
export interface Receipts {
  /** Reads the storage's secret. Resolves with the key that signs, or with undefined if there is none: no receipts then. */
  begin(): Promise<string | undefined>;
  /** `send` is called at most once, with a frame. A client that is waiting already gets only its first answer. */
  ask(clientID: string, challenge: ChallengeFrame, send: (frame: string) => void): void;
  stop(): void;
}

export interface ReceiptsOptions {
  readonly crypto: CryptoProvider;
  readSecret(): Promise<string>;
  /** Reads from the database. Resolves with undefined while it may have gone back: no answer then. */
  readMarks(numbers: readonly number[]): Promise<ReceiptState | undefined>;
  /** Calls `run` at once, or after the storage was compared. */
  onceSure(run: () => void): void;
  readonly clock: Pick<Clock, 'after'>;
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

/** However many clients ask, the database is read once in this time, and each client gets one signature. */
const pauseMs = 100;
const label = 'maia-receipt';

export function createReceipts(options: ReceiptsOptions): Receipts {
  const { crypto, readSecret, readMarks, onceSure, clock, logger } = options;
  let agent: AgentSecret | undefined;
  let waiting = new Map<string, Waiting>();
  let cancel: (() => void) | undefined;

  function readSoon(): void {
    cancel ??= clock.after(pauseMs, () => onceSure(() => void answer()));
  }

  /** The marks are read after each of these challenges has come: a client knows no mark that was added later. */
  async function answer(): Promise<void> {
    const asked = waiting;
    waiting = new Map();
    try {
      const state = await readMarks([
        ...new Set([...asked.values()].flatMap(({ challenge }) => challenge.at)),
      ]);
      for (const { challenge, send } of asked.values())
        if (state && agent) send(sign(agent, challenge, state));
    } catch (error) {
      logger.debug('Could not read the marks of the storage', { error });
    }
    cancel = undefined;
    if (waiting.size > 0) readSoon();
  }

  function sign(secret: AgentSecret, { nonce, at }: ChallengeFrame, state: ReceiptState): string {
    const { identity, latest, earlier } = state;
    const receipt: Receipt = {
      typ: receiptType,
      storageID: identity.id,
      epoch: identity.epoch,
      n: latest.number,
      root: latest.name,
      nonce,
      at: earlier
        .filter(({ number }) => at.includes(number))
        .map(({ number, name }) => ({ n: number, root: name })),
    };
    const signature = crypto.sign(crypto.getAgentSignerSecret(secret), receipt);
    return encodeFrame({ maia: 'receipt', receipt, signature });
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
      if (waiting.has(clientID)) return;
      waiting.set(clientID, { challenge, send });
      readSoon();
    },
    stop() {
      cancel?.();
      waiting.clear();
    },
  };
}

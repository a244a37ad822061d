import type { Platform } from '../../platform/platform.ts';
import { bytesToBase64url } from '../account/bytes.ts';
import { parseTabMessage, type TabMessage } from './sign-out-channel.ts';
import { createTabPresence } from './tab-presence.ts';
import { together, type UnsyncedEdits, type WantedAt } from './unsynced-edits.ts';

/** The tabs that have a session of one account open. */
export interface SessionTabs {
  /** What the others would lose. One that does not answer in time may have something. */
  ask(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  /** Ends the sessions of the others, and resolves when they are closed, with what is left all the same. */
  endOthers(wantedAt: WantedAt): Promise<UnsyncedEdits>;
  close(): void;
}

type Question = Exclude<TabMessage, { type: 'answer' }>;
const unknown: UnsyncedEdits = { ids: [], isWhole: false };

/** A tab answers at once; one that closes may drain for two seconds. */
const answerMs = 4_000;
/** Where the browser does not say who is there, whoever is there answers in this time. */
const silenceMs = 500;

export function createSessionTabs(options: {
  readonly platform: Pick<Platform, 'clock' | 'locks' | 'page' | 'random' | 'openTabChannel'>;
  readonly accountID: string;
  readonly unsynced: (wantedAt: WantedAt) => Promise<UnsyncedEdits>;
  /** Another tab signs out. */
  readonly endHere: (wantedAt: WantedAt) => Promise<UnsyncedEdits>;
}): SessionTabs {
  const { platform, accountID, unsynced, endHere } = options;
  const { clock } = platform;
  const tab = bytesToBase64url(platform.random(9));
  const presence = createTabPresence(platform, accountID, tab);
  const listeners = new Set<(message: TabMessage) => void>();
  let isClosed = false;
  let answering = 0;
  const channel = platform.openTabChannel(`maia/session/${accountID}`, (data) => {
    const message = parseTabMessage(data);
    if (message?.type === 'answer') for (const listener of [...listeners]) listener(message);
    else if (message) void answer(message);
  });

  async function answer({ type, turn, wantedAt }: Question): Promise<void> {
    answering++;
    const edits = await (type === 'ask' ? unsynced(wantedAt) : endHere(wantedAt)).catch(() => unknown);
    channel?.post({ v: 1, type: 'answer', turn, tab, ...edits } satisfies TabMessage);
    answering--;
    closeIfDone();
  }

  /** A session that was ended by another tab has still to say so. */
  function closeIfDone(): void {
    if (isClosed && answering === 0) channel?.close();
  }

  async function send(type: 'ask' | 'end', wantedAt: WantedAt): Promise<UnsyncedEdits> {
    const turn = bytesToBase64url(platform.random(9));
    const expected = await presence.others();
    const answers = new Map<string, UnsyncedEdits>();
    await new Promise<void>((resolve) => {
      const cancel = clock.after(expected ? answerMs : silenceMs, end);
      const hear = (message: TabMessage) => {
        if (message.type !== 'answer' || message.turn !== turn) return;
        answers.set(message.tab, message);
        if (isEverybodyHeard()) end();
      };
      const isEverybodyHeard = () => expected?.every((other) => answers.has(other)) ?? false;
      function end(): void {
        cancel();
        listeners.delete(hear);
        resolve();
      }
      listeners.add(hear);
      channel?.post({ v: 1, type, turn, wantedAt } satisfies TabMessage);
      if (!channel || isEverybodyHeard()) end();
    });
    const stillThere = new Set(await presence.others());
    const silent = (expected ?? []).some((other) => !answers.has(other) && stillThere.has(other));
    return together([...answers.values(), ...(silent ? [unknown] : [])]);
  }

  return {
    ask: (wantedAt) => send('ask', wantedAt),
    endOthers: (wantedAt) => send('end', wantedAt),
    close() {
      isClosed = true;
      presence.leave();
      closeIfDone();
    },
  };
}

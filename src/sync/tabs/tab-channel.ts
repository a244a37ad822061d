import type { Page } from '../../platform/platform.ts';
import type { Announcement } from './announcements.ts';
import { readTabMessage, type TabMessage, type TabStatusMessage } from './tab-messages.ts';
import type { TabsSetup } from './tabs-options.ts';

/** The channel to the other tabs of the account. Closed while the page is frozen. */
export interface AccountChannel {
  /** False while the page is frozen, and in browsers without BroadcastChannel. */
  readonly isOpen: boolean;
  post(announcement: Announcement | TabStatusMessage): void;
  close(): void;
}

/** A frozen page leaves, because messages would evict it from the back-forward cache. Calls `back` when it has returned. */
export function createAccountChannel(options: {
  readonly setup: TabsSetup;
  readonly page: Pick<Page, 'on'>;
  readonly sessionID: string;
  readonly receive: (message: TabMessage) => void;
  /** Receives everything on the channel, before validation. */
  readonly receiveRaw: (data: unknown) => void;
  readonly back: () => void;
}): AccountChannel {
  const { setup, page, sessionID, receive, receiveRaw, back } = options;
  let channel = open();

  function open() {
    return setup.platform.openTabChannel(setup.name, (data) => {
      receiveRaw(data);
      const message = readTabMessage(data);
      if (message) receive(message);
    });
  }

  function post(announcement: Announcement | TabStatusMessage): void {
    channel?.post({ v: 1, from: sessionID, ...announcement });
  }

  function leave(isFrozen = false): void {
    post({ kind: 'bye', ...(isFrozen && { isFrozen }) });
    channel?.close();
    channel = undefined;
  }

  const stops = [
    // Listen to `freeze` first, because `hide` follows without the reason.
    page.on('freeze', () => leave(true)),
    page.on('hide', () => leave()),
    page.on('show', () => {
      if (channel) return;
      channel = open();
      post({ kind: 'hello' });
      back();
    }),
  ];
  post({ kind: 'hello' });
  return {
    get isOpen() {
      return channel !== undefined;
    },
    post,
    close() {
      for (const stop of stops) stop();
      leave();
    },
  };
}

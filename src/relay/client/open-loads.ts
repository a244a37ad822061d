import type { SyncMessage } from 'cojson';

/** The loads of one client that are not answered yet. */
export class OpenLoads {
  /** Created on demand, because thousands of idle connections need none. */
  private ids: Set<string> | undefined;

  count(): number {
    return this.ids?.size ?? 0;
  }

  received(message: SyncMessage): void {
    if (message.action === 'load') (this.ids ??= new Set()).add(message.id);
  }

  /** Returns whether the message answered a load. */
  answered(message: SyncMessage): boolean {
    if (message.action !== 'load' && message.action !== 'known' && message.action !== 'content') return false;
    const isAnswer = this.ids?.delete(message.id) === true;
    if (this.ids?.size === 0) this.ids = undefined;
    return isAnswer;
  }
}

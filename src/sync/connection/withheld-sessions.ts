import type { KernelError } from '../../base/kernel-error.ts';
import type { Content, SessionID } from '../../engine/content.ts';

/**
 * Sessions of which a part was withheld on this connection. The relay would request that part again and again if it
 * received what follows.
 */
export interface WithheldSessions {
  /** The content, which `check` has passed, is withheld for this reason. */
  add(content: Content, error: KernelError): void;
  /** Which part of the content can be sent, and why the rest cannot. */
  check(content: Content): { readonly passed: Content | undefined; readonly error?: KernelError };
}

interface Withheld {
  readonly after: number;
  readonly error: KernelError;
}

export function createWithheldSessions(): WithheldSessions {
  const byID = new Map<string, Map<string, Withheld>>();

  return {
    add({ id, new: sessions }, error) {
      const withheld = byID.get(id) ?? new Map<string, Withheld>();
      byID.set(id, withheld);
      // What `check` has passed begins before any part that was withheld earlier.
      for (const [sessionID, { after }] of Object.entries(sessions))
        withheld.set(sessionID, { after, error });
    },
    check(content) {
      const withheld = byID.get(content.id);
      if (!withheld) return { passed: content };
      let error: KernelError | undefined;
      const passed: Content['new'] = {};
      for (const [sessionID, part] of Object.entries(content.new)) {
        const found = withheld.get(sessionID);
        if (found && part.after >= found.after) error = found.error;
        else passed[sessionID as SessionID] = part;
      }
      if (!error) return { passed: content };
      const isEmpty = !content.header && Object.keys(passed).length === 0;
      return { passed: isEmpty ? undefined : { ...content, new: passed }, error };
    },
  };
}

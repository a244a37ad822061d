const sentAgain = 'pause and resume sync: it is sent again with each new connection.';
const forbidden = `Ask who runs the relay, or the group’s admins, for the right to write it. Then ${sentAgain}`;

/** By the code of the `refused` frame. */
const adviceByRefusal: Readonly<Record<string, string>> = {
  forbidden,
  invalid: `Bring the app and the relay to versions that fit together, then ${sentAgain}`,
  'too-large': 'Write large values in pieces, for instance as a binary stream.',
  limit: `Write less at a time. What is refused by itself is tried again; if it stays, ${sentAgain}`,
  unauthorized: 'Sign in again: the relay does not know who this is.',
  expired: 'Sign in again: the relay does not know any more who this is.',
  outdated: 'Reload to get the app’s newest version. What waits stays on this device.',
  fork: 'Wait a moment: it is written again under another session id. If it stays, reload the page.',
  storage: 'See the relay’s log: its storage does not take it. It is tried again by itself.',
  draining: 'Wait a moment: the relay is stopping, and is tried again by itself.',
};

/** What to do about a relay's refusal: its own words say what is wrong, and no more. An unknown code counts as `forbidden`. */
export function adviceOnRefusal(refusal: string): string {
  return adviceByRefusal[refusal] ?? forbidden;
}

import { type KernelError } from '@MaiaOS/kernel';

/** Explains a refusal as the second half of the sync line. Never truncated. */
export function refusalText(error: KernelError | undefined): string {
  if (!error) return 'refused by the relay without a reason';
  switch (error.code) {
    case 'APP_OUTDATED':
      return 'reload to send: a newer version of Lists is required';
    case 'SYNC_URL_INVALID':
      return 'the relay’s address cannot be used';
    case 'RELAY_NOT_A_RELAY':
      return 'the server at the relay’s address is not a Maia relay';
    case 'RELAY_UNAUTHORIZED':
      return `not signed in at the relay: ${error.message}`;
    default:
      return `refused by the relay: ${error.message}`;
  }
}

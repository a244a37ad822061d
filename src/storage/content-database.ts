/** The database of one account's content on this device, as stock storage writes it. Part of the format: never to change. */
export function contentDatabaseName(accountID: string): string {
  return `maia-cojson-${accountID}`;
}

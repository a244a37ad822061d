/** Differs from the name under which ours would migrate it. */
export function stockDatabaseName(accountID: string): string {
  return `stock-${accountID}`;
}

// Where things are on this page.
export const link = {
  account: (account) => `#/account/${encodeURIComponent(account)}`,
  device: (account, device) =>
    `#/device/${encodeURIComponent(account)}/${encodeURIComponent(device)}`,
};

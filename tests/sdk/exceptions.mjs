// What no test has to use, each with the reason.
const vendor = "belongs to the hosted service alone (agentmail-api.md, V)";

export const exceptions = {
  methods: {
    "accounts.list": vendor,
    "accounts.get": vendor,
    "agent.signUp": vendor,
    "agent.verify": vendor,
    "domains.getSetupLink": vendor,
    "inboxes.authorize": vendor,
    "providers.list": vendor,
    "providers.search": vendor,
    "providers.get": vendor,
    "providers.listAccounts": vendor,
    "providers.connect": vendor,
  },
  operations: {
    "get /unsubscribe/{domain}/{token}": "a page for people that no answer of the API links to; DeliveryJourneyTests takes the link from a message",
    "post /unsubscribe/{domain}/{token}": "as above",
    "get /v0": "the websocket is no fetch; live.test.mjs connects to it through the SDK",
  },
};

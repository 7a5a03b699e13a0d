// Shows the documents that the page names. Everything comes from this server: no proxy, fonts, telemetry or agent.
const place = document.getElementById("reference");
Scalar.createApiReference(place, {
  sources: JSON.parse(place.dataset.sources),
  agent: { disabled: true },
  authentication: { preferredSecurityScheme: "bearer" },
  mcp: { disabled: true },
  defaultOpenAllTags: false,
  hideClientButton: true,
  operationTitleSource: "summary",
  persistAuth: true,
  proxyUrl: "",
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
});

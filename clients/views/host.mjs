// The page that a view's frame stands in: the host side as hosts have it, driven by the tests.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

window.openView = async ({ src, capabilities, context, isDeaf }) => {
  const frame = document.createElement("iframe");
  frame.sandbox.add("allow-scripts");
  frame.style.cssText = "display:block;border:0;width:100%;height:10px";
  document.body.replaceChildren(frame);
  const bridge = new AppBridge(null, { name: "test-host", version: "1" }, capabilities, { hostContext: context });
  window.told = { sizes: [], messages: [], files: [] };
  bridge.oncalltool = (params) => window.callTool(params);
  bridge.onmessage = async (params) => { window.told.messages.push(params); return {}; };
  bridge.ondownloadfile = async (params) => { window.told.files.push(params); return {}; };
  bridge.onsizechange = ({ height }) => {
    window.told.sizes.push(height);
    if (!isDeaf) frame.style.height = `${height}px`;
  };
  const ready = new Promise((resolve) => { bridge.oninitialized = resolve; });
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  frame.src = src;
  await ready;
  window.bridge = bridge;
};

window.closeView = async () => {
  document.body.replaceChildren();
  await window.bridge.close();
};

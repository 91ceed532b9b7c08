exports.onExecutePostLogin = async () => {
    for (;;);
};

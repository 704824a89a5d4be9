"""Mines templates from the lines of a file, once for each line on standard input; answers with processor seconds."""

import sys
import time


def drain(masks):
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    def run(lines):
        config = TemplateMinerConfig()
        config.masking_instructions = [MaskingInstruction(*mask) for mask in masks]
        miner = TemplateMiner(config=config)
        for line in lines:
            miner.add_log_message(line)

    return run


def tipping(lines):
    import tipping as library

    library.parse(lines, return_templates=False, return_masks=False)


# The masks that drain3 gives as an example.
MASKS = [
    (r"((?<=[^A-Za-z0-9])|^)(([0-9a-f]{2,}:){3,}([0-9a-f]{2,}))((?=[^A-Za-z0-9])|$)", "ID"),
    (r"((?<=[^A-Za-z0-9])|^)(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})((?=[^A-Za-z0-9])|$)", "IP"),
    (r"((?<=[^A-Za-z0-9])|^)([0-9a-f]{6,} ?){3,}((?=[^A-Za-z0-9])|$)", "SEQ"),
    (r"((?<=[^A-Za-z0-9])|^)([0-9A-F]{4} ?){4,}((?=[^A-Za-z0-9])|$)", "SEQ"),
    (r"((?<=[^A-Za-z0-9])|^)(0x[a-f0-9A-F]+)((?=[^A-Za-z0-9])|$)", "HEX"),
    (r"((?<=[^A-Za-z0-9])|^)([\-\+]?\d+)((?=[^A-Za-z0-9])|$)", "NUM"),
    (r"(?<=executed cmd )(\".+?\")", "CMD"),
]
PEERS = {"drain3": drain([]), "drain3-masked": drain(MASKS), "tipping": tipping}


def main():
    run = PEERS[sys.argv[1]]
    with open(sys.argv[2], encoding="ascii") as file:
        lines = file.read().splitlines()
    print(len(lines), flush=True)
    for _ in sys.stdin:
        began = time.process_time()
        run(lines)
        print(time.process_time() - began, flush=True)


main()

"""Charts: pure scales and geometry below, painted items and the view above."""

import os

# pyqtgraph picks another Qt binding where one is installed; a mix of two cannot even be imported.
os.environ["PYQTGRAPH_QT_LIB"] = "PySide6"

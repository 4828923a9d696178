"""What was published about each database: version, licence, citation and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Published:
    """One published database, as every page that uses it must cite it.

    Attributes
    ----------
    key : str
        Short name in ``ecglib``, such as ``"mitbih"``.
    title, version : str
        As PhysioNet publishes them.
    folder : str
        Path below the data directory, the same as on PhysioNet.
    licence, licence_url : str
        What allows the use, and its text.
    citation : str
        Full reference of the paper that the authors ask to be cited.
    bibtex_key : str
        Its key in ``book/references.bib``.
    doi : str
        Digital object identifier of the database itself.
    records : int
        Number of records published.

    Notes
    -----
    Source: the databases' pages on PhysioNet. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> PUBLISHED["mitbih"].url
    'https://physionet.org/content/mitdb/1.0.0/'
    """

    key: str
    title: str
    version: str
    folder: str
    licence: str
    licence_url: str
    citation: str
    bibtex_key: str
    doi: str
    records: int

    @property
    def url(self) -> str:
        """Page of the database on PhysioNet."""
        return f"https://physionet.org/content/{self.folder}/"


_ODC_BY = ("Open Data Commons Attribution License 1.0", "https://opendatacommons.org/licenses/by/1-0/")
_CC_BY = ("Creative Commons Attribution 4.0 International", "https://creativecommons.org/licenses/by/4.0/")

PUBLISHED: MappingProxyType[str, Published] = MappingProxyType(
    {
        entry.key: entry
        for entry in (
            Published(
                "mitbih",
                "MIT-BIH Arrhythmia Database",
                "1.0.0",
                "mitdb/1.0.0",
                *_ODC_BY,
                citation="Moody GB, Mark RG. The impact of the MIT-BIH Arrhythmia Database. IEEE Engineering in "
                "Medicine and Biology Magazine 20(3):45–50, 2001. doi:10.1109/51.932724",
                bibtex_key="moody2001mitbih",
                doi="10.13026/C2F305",
                records=48,
            ),
            Published(
                "ludb",
                "Lobachevsky University Electrocardiography Database",
                "1.0.1",
                "ludb/1.0.1",
                *_ODC_BY,
                citation="Kalyakulina AI, Yusipov II, Moskalenko VA, Nikolskiy AV, Kosonogov KA, Osipov GV, Zolotykh "
                "NY, Ivanchenko MV. LUDB: A new open-access validation tool for electrocardiogram delineation "
                "algorithms. IEEE Access 8:186181–186190, 2020. doi:10.1109/ACCESS.2020.3029211",
                bibtex_key="kalyakulina2020ludb",
                doi="10.13026/eegm-h675",
                records=200,
            ),
            Published(
                "ptbxl",
                "PTB-XL, a large publicly available electrocardiography dataset",
                "1.0.3",
                "ptb-xl/1.0.3",
                *_CC_BY,
                citation="Wagner P, Strodthoff N, Bousseljot R-D, Kreiseler D, Lunze FI, Samek W, Schaeffter T. "
                "PTB-XL, a large publicly available electrocardiography dataset. Scientific Data 7:154, 2020. "
                "doi:10.1038/s41597-020-0495-6",
                bibtex_key="wagner2020ptbxl",
                doi="10.13026/kfzx-aw45",
                records=21799,
            ),
            Published(
                "chapman",
                "A large scale 12-lead electrocardiogram database for arrhythmia study (Chapman-Shaoxing-Ningbo)",
                "1.0.0",
                "ecg-arrhythmia/1.0.0",
                *_CC_BY,
                citation="Zheng J, Chu H, Struppa D, Zhang J, Yacoub SM, El-Askary H, Chang A, Ehwerhemuepha L, "
                "Abudayyeh I, Barrett A, Fu G, Yao H, Li D, Guo H, Rakovski C. Optimal multi-stage arrhythmia "
                "classification approach. Scientific Reports 10:2898, 2020. doi:10.1038/s41598-020-59821-7",
                bibtex_key="zheng2020chapman",
                doi="10.13026/wgex-er52",
                records=45152,
            ),
        )
    }
)
"""The four databases of the book, by their short names."""
